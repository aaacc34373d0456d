/** What the process prints once it can be called. */
export const readyLine = {
  write: (url: string, controlUrl: string): string => `fhir stub listening on ${url}, control at ${controlUrl}`,
  read(line: string): { readonly url: string; readonly controlUrl: string } | undefined {
    const [, url, controlUrl] = /^fhir stub listening on (\S+), control at (\S+)$/.exec(line) ?? [];
    return url !== undefined && controlUrl !== undefined ? { url, controlUrl } : undefined;
  },
};
