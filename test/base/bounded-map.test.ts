// A map that is bounded in number and size.
import { expect } from 'chai';
import { createBoundedMap } from '../../src/base/bounded-map.ts';

describe('a map with a maximum size', () => {
  it('keeps only the newest 1,000 of 100,000 entries if the maximum size is 1,000', () => {
    const seen = createBoundedMap<number>(1_000);
    for (let number = 1; number <= 100_000; number += 1) seen.set(`text ${number}`, number);

    expect(seen.size).to.equal(1_000);
    expect([seen.get('text 99000'), seen.get('text 99001'), seen.get('text 100000')]).to.deep.equal([
      undefined,
      99_001,
      100_000,
    ]);
  });

  it('keeps an entry that was set again, and drops the oldest other entry', () => {
    const seen = createBoundedMap<string>(2);
    for (const text of ['a', 'b', 'a', 'c']) seen.set(text, text);

    expect([seen.get('a'), seen.get('b'), seen.get('c')]).to.deep.equal(['a', undefined, 'c']);
  });

  it('distinguishes two keys whose first 100,000 characters are the same', () => {
    const seen = createBoundedMap<number>(10);
    const long = 'x'.repeat(100_000);
    seen.set(`${long}1`, 1);
    seen.set(`${long}2`, 2);

    expect([seen.get(`${long}1`), seen.get(`${long}2`), seen.get(`${long}3`)]).to.deep.equal([1, 2, undefined]);
  });
});
