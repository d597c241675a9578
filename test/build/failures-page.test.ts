// The table of docs/failures.md is that of the source.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fillFailureTable } from '../../build/docs/failures-page.ts';

describe('docs/failures.md', () => {
  it('contains the table that `npm run docs` generates', () => {
    const page = readFileSync('docs/failures.md', 'utf8');

    expect(page).to.equal(fillFailureTable(page));
    expect(page).to.include('| `OUT_OF_MEMORY` | A process was killed');
  });

  it('cannot be generated if the page has no marker for the table', () => {
    expect(() => fillFailureTable('# a page\n')).to.throw(RangeError, '<!-- table: NAME -->');
  });
});
