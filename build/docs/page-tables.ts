// Tables in pages of documentation that are made from the source, each between two comments of the page.

/**
 * Replaces each table of the page, between `<!-- table: NAME -->` and `<!-- end of table -->`.
 * @param tables by their names: each gives Markdown whose last line ends in a newline
 * @throws RangeError for a table that is not known, and for a page that has no place for any
 */
export function fillTables(page: string, tables: Readonly<Record<string, () => string>>): string {
  const marked = /(<!-- table: (.*) -->\n)[^]*?(<!-- end of table -->)/g;
  const names = Object.keys(tables).join(', ');
  if (!marked.test(page))
    throw new RangeError(`the page needs <!-- table: NAME --> and <!-- end of table -->, NAME being one of ${names}`);
  return page.replaceAll(marked, (_all, begin: string, name: string, end: string) => {
    const table = tables[name];
    if (table === undefined) throw new RangeError(`there is no table "${name}" for this page: there are ${names}`);
    return `${begin}\n${table()}\n${end}`;
  });
}
