// The table of docs/failures.md is that of the source.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fillFailureTable } from '../../build/docs/failures-page.ts';

describe('docs/failures.md', () => {
  it('contains the table that is generated from the source code', () => {
    const page = readFileSync('docs/failures.md', 'utf8');

    expect(page).to.equal(fillFailureTable(page));
    expect(page).to.include('| `OUT_OF_MEMORY` | A process was killed');
  });

  it('cannot be generated if the markers of the table are missing', () => {
    expect(() => fillFailureTable('# a page\n')).to.throw(RangeError, '<!-- table: NAME -->');
  });
});
