/** The JSON with every literal reference put through `change`. */
export function mapReferences(value: unknown, change: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => mapReferences(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'reference' && typeof inner === 'string' ? change(inner) : mapReferences(inner, change),
    ]),
  );
}

/** Every literal reference in the JSON, each once. */
export function referencesIn(value: unknown): string[] {
  const found = new Set<string>();
  mapReferences(value, (reference) => {
    found.add(reference);
    return reference;
  });
  return [...found];
}
