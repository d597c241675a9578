// The message and exit code of an error: an interrupt is no bug, whatever error it causes.
import { expect } from 'chai';
import { explain } from '../../src/cli/explain.ts';
import { Interrupted } from '../../src/cli/interrupted.ts';

function explained(error: unknown, reason?: Error): { readonly code: number; readonly said: string } {
  const stop = new AbortController();
  if (reason !== undefined) stop.abort(reason);
  let said = '';
  return { code: explain(error, { stderr: (text) => (said += text), stop: stop.signal }), said };
}

describe('explain', () => {
  const interrupted = new Interrupted('SIGINT');

  for (const [how, error] of [
    ['the interrupt itself', interrupted],
    ['an error with the interrupt as its cause', new Error('fetch failed', { cause: interrupted })],
    ['the AbortError of Node', new DOMException('aborted', 'AbortError')],
  ] as const) {
    it(`prints nothing and returns 130 after SIGINT: ${how}`, () => {
      expect(explained(error, interrupted)).to.deep.equal({ code: 130, said: '' });
    });
  }

  it('returns 143 after SIGTERM', () => {
    const asked = new Interrupted('SIGTERM');
    expect(explained(asked, asked).code).to.equal(143);
  });

  it('reports every other error as a bug', () => {
    for (const { code, said } of [
      explained(new TypeError('x is undefined'), interrupted),
      explained(new DOMException('aborted', 'AbortError')),
    ]) {
      expect(code).to.equal(1);
      expect(said).to.include('report this bug');
    }
  });
});
