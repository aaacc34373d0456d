/** The alternatives of a value, still escaped (FHIR R4 3.1.1.4.13); `undefined` when one of them is empty. */
export function alternativesIn(value: string): readonly string[] | undefined {
  const parts = value.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? [];
  return parts.join(',') === value ? parts : undefined;
}

/** System and code of a token, unescaped; `undefined` when it does not have both. */
export function systemAndCode(token: string): { readonly system: string; readonly code: string } | undefined {
  const [, system, code] = /^((?:\\[\s\S]|[^|\\])+)\|((?:\\[\s\S]|[^|\\])+)$/.exec(token) ?? [];
  return system === undefined || code === undefined
    ? undefined
    : { system: unescapeValue(system), code: unescapeValue(code) };
}

export function unescapeValue(text: string): string {
  return text.replace(/\\([\\,|$])/g, '$1');
}

export function escapeValue(text: string): string {
  return text.replace(/[\\,|$]/g, '\\$&');
}
