// A socket of another Unix user, which counts connections.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.ts';

export const MALLORY = 4002;

export interface OthersSocket {
  /** How many connections were made to it. */
  visits(): number;
  /** Ends the listener; the socket file stays. */
  [Symbol.asyncDispose](): Promise<void>;
}

const LISTEN = `
const [path, log] = process.argv.slice(1);
const { appendFileSync, chmodSync, writeFileSync } = require('node:fs');
writeFileSync(log, '');
const server = require('node:net').createServer((visitor) => {
  appendFileSync(log, 'x');
  visitor.destroy();
});
server.listen(path, () => {
  chmodSync(path, 0o777);
  writeFileSync(log + '.ready', '');
});`;

/** @param path in a folder where everybody may make something; beside it a file with the visits is made */
export async function listenAsMallory(path: string): Promise<OthersSocket> {
  const log = `${path}.visits`;
  const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`, '--clear-groups', '--'];
  const child = spawn('setpriv', [...become, process.execPath, '-e', LISTEN, path, log], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  await waitUntil('the other user to listen', () => existsSync(`${log}.ready`));
  return {
    visits: () => readFileSync(log, 'utf8').length,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
