// What an error comes to: Ctrl-C is no bug, whatever it comes out as.
import { expect } from 'chai';
import { explain } from '../../src/cli/explain.ts';
import { Interrupted } from '../../src/cli/interrupted.ts';

function explained(error: unknown, reason?: Error): { readonly code: number; readonly said: string } {
  const stop = new AbortController();
  if (reason !== undefined) stop.abort(reason);
  let said = '';
  return { code: explain(error, { stderr: (text) => (said += text), stop: stop.signal }), said };
}

describe('an end from outside', () => {
  const interrupted = new Interrupted('SIGINT');

  for (const [how, error] of [
    ['its own reason', interrupted],
    ['what has it as its cause', new Error('fetch failed', { cause: interrupted })],
    ['what Node throws out of an aborted wait', new DOMException('aborted', 'AbortError')],
  ] as const) {
    it(`says nothing, and ends as a shell tells of it: ${how}`, () => {
      expect(explained(error, interrupted)).to.deep.equal({ code: 130, said: '' });
    });
  }

  it('of SIGTERM ends with 143', () => {
    const asked = new Interrupted('SIGTERM');
    expect(explained(asked, asked).code).to.equal(143);
  });

  it('hides no bug', () => {
    for (const { code, said } of [
      explained(new TypeError('x is undefined'), interrupted),
      explained(new DOMException('aborted', 'AbortError')),
    ]) {
      expect(code).to.equal(1);
      expect(said).to.include('report this bug');
    }
  });
});
