/** The answers of pure functions that were worked out last, by what they were asked. */
export interface Remembered<T> {
  get(key: string): T | undefined;
  put(key: string, answer: T): void;
}

/** Keeps `most` answers. Keep it small where keys tell of people: they stay in memory for no purpose but speed. */
export function remembering<T>(most: number): Remembered<T> {
  const known = new Map<string, T>();
  return {
    get: (key) => known.get(key),
    put(key, answer) {
      const [oldest] = known.size >= most && !known.has(key) ? known.keys() : [];
      if (oldest !== undefined) known.delete(oldest);
      known.set(key, answer);
    },
  };
}

/** A pure function that remembers its last `most` answers; `undefined` is no answer. */
export function memo<T extends object>(most: number, work: (key: string) => T): (key: string) => T {
  const known = remembering<T>(most);
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const answer = work(key);
    known.put(key, answer);
    return answer;
  };
}
