// Ports for daemons that start later: no other process receives them in the meantime.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { freePorts } from './loopback-port.ts';

/** Another run of this test on this machine probably has other ports. */
const AMONG = { lowest: 16_000 + 60 * (process.pid % 50), count: 60 };
const TAKEN = `
  const { freePorts } = await import('./test/support/loopback-port.ts');
  console.log(JSON.stringify(await freePorts(20, ${JSON.stringify(AMONG)})));
  process.stdin.resume();
`;

describe('freePorts', () => {
  it('gives different ports to two processes that do not listen yet', async () => {
    const args = ['--import', 'tsx', '--input-type', 'module', '--eval', TAKEN];
    const other = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(createInterface(other.stdout), 'line')) as [string];
      const theirs: unknown = JSON.parse(line);
      const ours = await freePorts(20, AMONG);

      expect(new Set(ours).size).to.equal(20);
      expect(theirs).to.have.length(20);
      expect(ours.filter((port) => (theirs as number[]).includes(port))).to.deep.equal([]);
    } finally {
      other.stdin.end();
    }
  });
});
