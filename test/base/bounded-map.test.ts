// A map that is bounded in number and size.
import { expect } from 'chai';
import { createBoundedMap } from '../../src/base/bounded-map.ts';

describe('a bounded map', () => {
  it('contains only the newest entries, up to its maximum size', () => {
    const seen = createBoundedMap<number>(1_000);
    for (let number = 1; number <= 100_000; number += 1) seen.set(`text ${number}`, number);

    expect(seen.size).to.equal(1_000);
    expect([seen.get('text 99000'), seen.get('text 99001'), seen.get('text 100000')]).to.deep.equal([
      undefined,
      99_001,
      100_000,
    ]);
  });

  it('treats an entry that is set again as the newest', () => {
    const seen = createBoundedMap<string>(2);
    for (const text of ['a', 'b', 'a', 'c']) seen.set(text, text);

    expect([seen.get('a'), seen.get('b'), seen.get('c')]).to.deep.equal(['a', undefined, 'c']);
  });

  it('distinguishes long keys with the same beginning', () => {
    const seen = createBoundedMap<number>(10);
    const long = 'x'.repeat(100_000);
    seen.set(`${long}1`, 1);
    seen.set(`${long}2`, 2);

    expect([seen.get(`${long}1`), seen.get(`${long}2`), seen.get(`${long}3`)]).to.deep.equal([1, 2, undefined]);
  });
});
