// Reads a long list from the server in pages, and in smaller pages where a response is too large.
import { ResponseTooLargeError, InvalidResponseError } from './errors.ts';
import { readField } from './unreadable-entries.ts';

/** The server's limit. */
export const PAGE_SIZE = 500;

/** Each size divides the previous one, so that smaller pages add up to a page. */
const SIZES = [PAGE_SIZE, 20, 1];

/** More pages mean that the server never ends the list. */
const MAX_PAGES = 400;

/** Replaces an element that is too large by itself. */
export const TOO_LARGE: unique symbol = Symbol('too large');

/**
 * The elements of one page, parsed: a raw one may take 16 MB of memory until all pages are read. An element is an object whose field
 * `id` is undefined if unreadable.
 */
export type ReadPage<Row> = (page: number, size: number) => Promise<readonly Row[]>;

/** A list that changes that often while it is read is not read. */
const MAX_MOVES = 20;

/**
 * The elements of all pages, up to the first page that is not full. `TOO_LARGE` replaces an element that is too large by
 * itself, so that the others can be read.
 * @param readId reads the id of the element at this position; with it, a page is read again if an earlier element was deleted meanwhile:
 *   the first element of the next page has moved into it, and would be left out
 * @throws InvalidResponseError if the server never ends the list
 */
export async function readPages<Row>(
  endpoint: string,
  readPage: ReadPage<Row>,
  { readId }: { readonly readId?: (position: number) => Promise<unknown> } = {},
): Promise<(Row | typeof TOO_LARGE)[]> {
  const rows: (Row | typeof TOO_LARGE)[] = [];
  let first: unknown;
  let before: { readonly start: number; readonly last: unknown } | undefined;
  let moves = 0;
  for (let start = 0; start < MAX_PAGES * PAGE_SIZE;) {
    const { found, size } = await readLargest(readPage, start);
    // A server that ignores `page` would return the same page forever.
    const id = readField(found[0], 'id');
    if (id !== undefined && id === first) {
      // On pages of one element, it has only moved if another one was created before it.
      if (size > 1 || moves === MAX_MOVES)
        throw new InvalidResponseError(`${endpoint} returns the same page again and again`, false);
      moves += 1;
    }
    first = id;
    for (const row of found) rows.push(row);
    if (readId !== undefined && before?.last !== undefined && (await readId(start - 1)) !== before.last) {
      moves += 1;
      if (moves > MAX_MOVES)
        throw new InvalidResponseError(`${endpoint} returns a list that changes while it is read`, false);
      [start, before, first] = [before.start, undefined, undefined];
      continue;
    }
    if (found.length < size) return moves === 0 ? rows : withoutRepeats(rows);
    before = { start, last: readField(found.at(-1), 'id') };
    start += size;
  }
  throw new InvalidResponseError(`${endpoint} returns more than ${MAX_PAGES} pages`, false);
}

/** Reads the largest page that begins there and whose response is not too large. */
async function readLargest<Row>(
  readPage: ReadPage<Row>,
  start: number,
): Promise<{ readonly found: readonly (Row | typeof TOO_LARGE)[]; readonly size: number }> {
  for (const size of SIZES.filter((one) => start % one === 0)) {
    try {
      return { found: await readPage(start / size, size), size };
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError)) throw error;
    }
  }
  return { found: [TOO_LARGE], size: 1 };
}

/** Of an element that was read twice, the later state counts. */
function withoutRepeats<Row>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row, index) => [readField(row, 'id') ?? index, row])).values()];
}

/** Splits a list into parts that fit one call. */
export function splitPages<Item>(items: readonly Item[], size = PAGE_SIZE): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += size) pages.push(items.slice(start, start + size));
  return pages;
}

/** A condition for the server: a pattern of exactly this text. It escapes as Python's `re.escape`, which MongoDB understands too. */
export function exactly(text: string): string {
  return `^${text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&')}$`;
}
