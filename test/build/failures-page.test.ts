// The tables of docs/failures.md are those of the source.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fillFailureTables } from '../../build/docs/failures-page.ts';

describe('docs/failures.md', () => {
  it('contains the tables that are generated from the source code', () => {
    const page = readFileSync('docs/failures.md', 'utf8');

    expect(page).to.equal(fillFailureTables(page));
    expect(page).to.include('| `OUT_OF_MEMORY` | It was killed').and.to.include('| Pyxis found no image with this');
  });

  it('cannot be generated if the markers of a table are missing', () => {
    expect(() => fillFailureTables('# a page\n')).to.throw(RangeError, '<!-- table: NAME -->');
  });
});
