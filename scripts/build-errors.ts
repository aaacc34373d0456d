/**
 * Writes docs/errors.md from the catalogue in src/errors.ts. With `--check` nothing is written, and a difference exits
 * with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorCatalogue } from '../src/errors.ts';

const file = new URL('../docs/errors.md', import.meta.url);

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, errorsPage());
  } else if (readFileSync(file, 'utf8') !== errorsPage()) {
    console.error('docs/errors.md is not what src/errors.ts makes. Run: npx node scripts/build-errors.ts');
    process.exitCode = 1;
  }
}

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { status, issue, level, meaning, remedy }]) =>
    ['', `\`${code}\``, status, `\`${issue}\``, level, meaning, remedy, ''].join(' | ').trim(),
  );
  return `<!-- Generated from src/errors.ts by scripts/build-errors.ts: change the source, not this page. -->

# Errors

Every error is an \`OperationOutcome\`: an issue for each fault, with its place in \`expression\` where it has one.
\`diagnostics\` begins with the code below, which is stable: programs go by the code, people by the sentence in
\`details.text\`. No sentence holds a name, number, address or message text. An answer with status 503 says in
\`Retry-After\` when to ask again.

A message that a rule refuses has an issue for each reason instead, and in \`details.coding\` the reason and the clause of
the guidance.

| code | HTTP | issue type | logged as | what it means | what to do |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

An issue may have a more exact type than the one in the table.
`;
}
