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

/**
 * The raw elements of all pages, up to the first page that is not full. `TOO_LARGE` replaces an element that is too large by
 * itself, so that the others can be read.
 * @throws InvalidResponseError if the server never ends the list
 */
export async function readPages(endpoint: string, readPage: ReadPage): Promise<unknown[]> {
  const rows: unknown[] = [];
  let first: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const found = await readInParts(readPage, page, 0);
    // A server that ignores `page` would return the same page forever.
    const id = readField(found[0], 'id');
    if (id !== undefined && id === first)
      throw new InvalidResponseError(`${endpoint} returns the same page again and again`, false);
    first = id;
    for (const row of found) rows.push(row);
    if (found.length < PAGE_SIZE) return rows;
  }
  throw new InvalidResponseError(`${endpoint} returns more than ${MAX_PAGES} pages`, false);
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

/** Splits a list into parts that fit one call. */
export function splitPages<Item>(items: readonly Item[], size = PAGE_SIZE): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += size) pages.push(items.slice(start, start + size));
  return pages;
}
