// Reads a long list from the server page by page.

/** The server's own limit. */
export const PAGE_SIZE = 500;

/** Calls for page 0, 1, … until one isn't full. */
export async function readPages<Row>(readPage: (page: number) => Promise<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let page = 0; ; page += 1) {
    const found = await readPage(page);
    rows.push(...found);
    if (found.length < PAGE_SIZE) return rows;
  }
}

/** The list in parts that fit one call. */
export function splitPages<Item>(items: readonly Item[]): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += PAGE_SIZE) pages.push(items.slice(start, start + PAGE_SIZE));
  return pages;
}
