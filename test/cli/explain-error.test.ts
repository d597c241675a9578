// The message and exit code of an error: an interrupt is no bug, whatever error it causes.
import { expect } from 'chai';
import { explain } from '../../src/cli/explain-error.ts';
import { Interrupted } from '../../src/cli/interrupted.ts';
import { ConnectionLostError } from '../../src/transport/errors.ts';

function explained(error: unknown, reason?: Error): { readonly code: number; readonly printed: string } {
  const stop = new AbortController();
  if (reason !== undefined) stop.abort(reason);
  let printed = '';
  return { code: explain(error, { stderr: (text) => (printed += text), stop: stop.signal }), printed };
}

describe('the error handler of the program', () => {
  const interrupted = new Interrupted('SIGINT');

  for (const [how, error] of [
    ['is the signal itself', interrupted],
    ['was caused by the signal', new Error('fetch failed', { cause: interrupted })],
    ['is an AbortError of Node.js', new DOMException('aborted', 'AbortError')],
  ] as const) {
    it(`prints nothing and returns 130 after SIGINT if the error ${how}`, () => {
      expect(explained(error, interrupted)).to.deep.equal({ code: 130, printed: '' });
    });
  }

  it('prints nothing and returns 143 after SIGTERM', () => {
    const asked = new Interrupted('SIGTERM');
    expect(explained(asked, asked).code).to.equal(143);
  });

  it('requests no bug report for EACCES and ENOSPC errors', () => {
    const denied = Object.assign(new Error("EACCES: permission denied, open '/state/history'"), {
      code: 'EACCES',
      syscall: 'open',
    });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });

    expect(explained(denied)).to.deep.equal({
      code: 1,
      printed:
        "clearml-agent-slurm: EACCES: permission denied, open '/state/history'. Run the command as the owner of this file, such as the Unix user of the daemon, or change its permissions.\n",
    });
    expect(explained(full)).to.deep.equal({
      code: 1,
      printed: 'clearml-agent-slurm: ENOSPC: no space left on device, write.\n',
    });
  });

  it('prints the message of a lost SSH connection and returns 69', () => {
    const lost = explained(new ConnectionLostError('the connection to login1 was lost'));

    expect(lost).to.deep.equal({ code: 69, printed: 'clearml-agent-slurm: the connection to login1 was lost\n' });
  });

  it('requests a bug report for an unknown error such as a TypeError', () => {
    for (const { code, printed } of [
      explained(new TypeError('x is undefined'), interrupted),
      explained(new DOMException('aborted', 'AbortError')),
    ]) {
      expect(code).to.equal(1);
      expect(printed).to.include('report this bug');
    }
  });
});
