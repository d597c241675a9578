// Reads a long list from the server page by page, and a page in smaller ones where its answer is too large.
import { ResponseTooLargeError, InvalidResponseError } from './errors.ts';
import { readField } from './unreadable-entries.ts';

/** The server's own limit. */
export const PAGE_SIZE = 500;

/** Each divides the one before, so that a page is so many whole smaller ones. */
const SIZES = [PAGE_SIZE, 100, 20, 4, 1];

/** No list of ClearML's is longer: beyond this the server does not come to an end. */
const MOST_PAGES = 400;

/** Stands in a list for the element that is too large by itself. */
export const TOO_LARGE: unique symbol = Symbol('too large');

/** The raw elements of one page. */
export type ReadPage = (page: number, size: number) => Promise<readonly unknown[]>;

/**
 * The raw elements of all pages, up to the first that isn't full. An element that is too large by itself is `TOO_LARGE`: it keeps
 * nobody from reading the others.
 * @throws InvalidResponseError when the server gives page after page without an end
 */
export async function readPages(endpoint: string, readPage: ReadPage): Promise<unknown[]> {
  const rows: unknown[] = [];
  let first: unknown;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found = await readInParts(readPage, page, 0);
    // By the id: a server that does not know `page` gives the same one for ever.
    const id = readField(found[0], 'id');
    if (id !== undefined && id === first)
      throw new InvalidResponseError(`${endpoint} gives the same page again and again`, false);
    first = id;
    for (const row of found) rows.push(row);
    if (found.length < PAGE_SIZE) return rows;
  }
  throw new InvalidResponseError(`${endpoint} gives more than ${MOST_PAGES} pages`, false);
}

async function readInParts(readPage: ReadPage, page: number, step: number): Promise<readonly unknown[]> {
  const size = SIZES[step] ?? 1;
  try {
    return await readPage(page, size);
  } catch (error) {
    if (!(error instanceof ResponseTooLargeError)) throw error;
    const smaller = SIZES[step + 1];
    if (smaller === undefined) return [TOO_LARGE];
    const rows: unknown[] = [];
    for (let part = 0; part < size / smaller; part += 1) {
      const found = await readInParts(readPage, (page * size) / smaller + part, step + 1);
      for (const row of found) rows.push(row);
      if (found.length < smaller) break;
    }
    return rows;
  }
}

/** The list in parts that fit one call. */
export function splitPages<Item>(items: readonly Item[], size = PAGE_SIZE): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += size) pages.push(items.slice(start, start + size));
  return pages;
}
