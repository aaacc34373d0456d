import type { PdfFile, Reference } from './pdf-file.ts';

/** What a part of a page is (ISO 32000-1, 14.8.4). */
export type Tag = 'Document' | 'Sect' | 'H1' | 'H2' | 'H3' | 'H4' | 'P' | 'L' | 'LI' | 'Lbl' | 'LBody';

interface Open {
  readonly tag: Tag;
  readonly reference: Reference;
  readonly kids: string[];
  page?: Reference;
}

/**
 * The tree that says what is printed and in which order it is read (PDF/UA-1, 7.1). An element is written as soon as it
 * ends; of those that are finished no more is kept than where they are in the file.
 */
export class PdfStructure {
  readonly #file: PdfFile;
  readonly #open: Open[] = [];
  /** Of the page in hand, by the number of the mark. */
  #marked: Reference[] = [];

  constructor(file: PdfFile) {
    this.#file = file;
  }

  begin(tag: Tag): void {
    const parent = this.#open.at(-1);
    const reference = this.#file.reference();
    if (parent === undefined) this.#file.structure.begin(reference);
    else parent.kids.push(to(reference));
    this.#open.push({ tag, reference, kids: [] });
  }

  end(): void {
    const element = this.#open.pop();
    if (element === undefined) throw new RangeError('no element is open');
    const { tag, reference, kids, page } = element;
    const parent = this.#open.at(-1)?.reference ?? this.#file.structure.root;
    const on = page === undefined ? '' : `/Pg ${to(page)} `;
    this.#file.put(reference, `<</S /${tag} /P ${to(parent)} ${on}/K [${kids.join(' ')}]>>`);
  }

  /** Begins a mark of the open element on that page; `EMC` ends it. */
  mark(page: Reference): string {
    const element = this.#open.at(-1);
    if (element === undefined) throw new RangeError('no element is open');
    const number = this.#marked.push(element.reference) - 1;
    element.page ??= page;
    element.kids.push(element.page === page ? String(number) : `<</Type /MCR /Pg ${to(page)} /MCID ${number}>>`);
    return `/${element.tag} <</MCID ${number}>> BDC`;
  }

  /** The page in hand is finished. */
  endPage(key: number): void {
    const elements = this.#file.reference();
    this.#file.put(elements, `[${this.#marked.map(to).join(' ')}]`);
    this.#file.structure.addPage(key, elements);
    this.#marked = [];
  }
}

const to = ({ id }: Reference): string => `${id} 0 R`;
