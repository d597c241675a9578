// Keys of hosts, known_hosts files in a folder of the test's own, and what a check says.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import type { HostKey, HostKeyPolicy } from '../../../src/transport/ssh-target.ts';

/** A key of this type that is like no other: what follows the type is made from the seed. */
export function makeHostKey(type: string, seed: string): HostKey {
  const body = createHash('sha512').update(seed).digest().subarray(0, 32);
  const parts = [Buffer.from(type), body].flatMap((part) => [lengthOf(part), part]);
  return { type, blob: Buffer.concat(parts) };
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

/** As it stands in a file, behind the names. */
export function formatHostKey({ type, blob }: HostKey): string {
  return `${type} ${blob.toString('base64')}`;
}

export interface KnownHostsFixture {
  readonly folder: string;
  write(name: string, text: string): Promise<string>;
  read(name: string): Promise<string>;
  /** What the check says of the key: `ok`, or the message. */
  say(policy: Partial<HostKeyPolicy>, host: string, port: number, key: HostKey): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `known` is the first known_hosts file of every policy, `global` the second. */
export async function createKnownHostsFixture(): Promise<KnownHostsFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
  return {
    folder,
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    read: (name) => readFile(join(folder, name), 'utf8'),
    async say(policy, host, port, key) {
      const knownHostsFiles = [join(folder, 'known'), join(folder, 'global')];
      const hostKeys = { mode: 'strict' as const, knownHostsFiles, ...policy };
      const said = await createHostKeyCheck({ name: 'hpc', hostKeys }).check(host, port, key);
      return said.ok ? 'ok' : said.message;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
