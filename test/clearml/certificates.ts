// A CA of the test's own and a server certificate that it signed, made by openssl in a temporary folder.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  /** What a client must trust. */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
  remove(): Promise<void>;
}

/** For this address only; it is good for a day. */
export async function makeCertificates(address: string): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'clearml-ca-'));
  const [caFile, caKey, request, cert, key, extensions] = [
    'ca.pem',
    'ca.key',
    'server.csr',
    'server.pem',
    'server.key',
    'ext',
  ].map((name) => join(folder, name)) as [string, string, string, string, string, string];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  await run('openssl', [
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-subj',
    '/CN=test CA',
    '-days',
    '1',
  ]);
  await run('openssl', ['req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=test server']);
  await writeFile(extensions, `subjectAltName=IP:${address}\n`);
  const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions];
  await run('openssl', ['x509', '-req', '-in', request, ...by, '-out', cert, '-days', '1']);

  return {
    caFile,
    cert: await readFile(cert, 'utf8'),
    key: await readFile(key, 'utf8'),
    remove: () => rm(folder, { recursive: true }),
  };
}
