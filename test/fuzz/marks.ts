/** A person and a message that could be nobody else's: whatever of them turns up where it must not was let out by us. */
export const marks = {
  family: 'Zebedeequark',
  given: 'Xanthippeja',
  nhsNumber: '9990007705',
  mobile: '07700 900777',
  email: 'zebedeequark@example.org',
  street: '7 Quirkyfjord Passage',
  text: 'Zugzwangtext',
} as const;

/** The mobile as people and providers write it. */
export const mobileForms = [
  '07700 900777',
  '07700900777',
  '+447700900777',
  '447700900777',
  '+44 7700 900 777',
] as const;

const MARK = /zebedeequark|xanthippeja|quirkyfjord|zugzwangtext|999[\s-]?000[\s-]?7705|7700[\s-]?900[\s-]?777/i;
const BASE64 = /[A-Za-z0-9+/_-]{12,}={0,2}/g;

/** The first mark in a text, as it stands or in what base64 or percent encoding hide; `undefined` when there is none. */
export function markIn(text: string): string | undefined {
  const hidden = [...text.matchAll(BASE64)].map(([one]) => Buffer.from(one, 'base64').toString('latin1'));
  const plain = text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  for (const one of [text, plain, ...hidden]) {
    const found = MARK.exec(one)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a program says of itself when it fails: frames of a stack, its own files, its libraries. */
const TRACE = /node_modules|\.[cm]?[jt]s:\d+|\n\s+at |(Type|Range|Syntax|Reference|Assertion)Error|SQLITE|SELECT /;

/** The first trace of our own workings in a text. */
export const traceIn = (text: string): string | undefined => TRACE.exec(text)?.[0];
