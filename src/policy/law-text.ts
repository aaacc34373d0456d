/** A lawful basis as people can read it: a provision by its number alone says nothing to most of them (CON-2, ACC-3). */
export function lawText(label: string): string {
  const [, article] = /^([69])\([12]\)\([a-j]\)$/.exec(label) ?? [];
  if (article === undefined) return label;
  const known: Readonly<Record<string, string>> = {
    '6(1)(e)': ', a task in the public interest',
    '9(1)(h)': ', health or social care',
    '9(2)(h)': ', health or social care',
  };
  return `UK GDPR Article ${label}${known[label] ?? ''}`;
}
