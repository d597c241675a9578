// Reads a long list from the server in pages, and in smaller pages where a response is too large.
import { ResponseTooLargeError, InvalidResponseError } from './errors.ts';
import { readField } from './unreadable-entries.ts';

/** The server's limit. */
export const PAGE_SIZE = 500;

/** Each size divides the previous one, so that smaller pages add up to a page. */
const SIZES = [PAGE_SIZE, 100, 20, 4, 1];

/** More pages mean that the server never ends the list. */
const MAX_PAGES = 400;

/** Replaces an element that is too large by itself. */
export const TOO_LARGE: unique symbol = Symbol('too large');

/** The raw elements of one page. */
export type ReadPage = (page: number, size: number) => Promise<readonly unknown[]>;

/** A list that changes that often while it is read is not read. */
const MAX_MOVES = 20;

/**
 * The raw elements of all pages, up to the first page that is not full. `TOO_LARGE` replaces an element that is too large by
 * itself, so that the others can be read.
 * @param isComplete whether a page is read again if an earlier element was deleted meanwhile: the first element of the next page has moved
 *   into it, and would be left out
 * @throws InvalidResponseError if the server never ends the list
 */
export async function readPages(
  endpoint: string,
  readPage: ReadPage,
  { isComplete = false }: { readonly isComplete?: boolean } = {},
): Promise<unknown[]> {
  const rows: unknown[] = [];
  let first: unknown;
  let before: { readonly start: number; readonly last: unknown } | undefined;
  let moves = 0;
  for (let start = 0; start < MAX_PAGES * PAGE_SIZE;) {
    const { found, size } = await readLargest(readPage, start);
    // A server that ignores `page` would return the same page forever.
    const id = readField(found[0], 'id');
    if (id !== undefined && id === first)
      throw new InvalidResponseError(`${endpoint} returns the same page again and again`, false);
    first = id;
    for (const row of found) rows.push(row);
    if (isComplete && before !== undefined && (await hasMoved(readPage, start, before.last))) {
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

/** Whether the element before this page is no longer the one that was read there. */
async function hasMoved(readPage: ReadPage, start: number, last: unknown): Promise<boolean> {
  if (last === undefined) return false;
  const [row] = await readPage(start - 1, 1);
  return readField(row, 'id') !== last;
}

/** Reads the largest page that begins there and whose response is not too large. */
async function readLargest(
  readPage: ReadPage,
  start: number,
): Promise<{ readonly found: readonly unknown[]; readonly size: number }> {
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
function withoutRepeats(rows: readonly unknown[]): unknown[] {
  return [...new Map(rows.map((row, index) => [readField(row, 'id') ?? index, row])).values()];
}

/** Splits a list into parts that fit one call. */
export function splitPages<Item>(items: readonly Item[], size = PAGE_SIZE): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += size) pages.push(items.slice(start, start + size));
  return pages;
}
