// Starts a container registry on loopback (Debian's docker-registry), filled from directories, which counts downloads.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './foreground-daemon.ts';
import { freePorts, isListening } from './loopback-port.ts';

const run = promisify(execFile);

export interface Registry {
  /** `127.0.0.1:PORT`. It speaks plain HTTP. */
  readonly address: string;
  /** Makes an image of one layer from a folder, and returns its name for `docker://`. */
  push(name: string, folder: string): Promise<string>;
  /** How often the layer of this image was fetched so far. */
  fetched(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** Whom a private registry lets in. */
export const READER = { user: 'reader', password: 'let me in' };

/** That password, by bcrypt(3) of the least cost: the registry checks it for every request. */
const READERS = `${READER.user}:$2b$04$77rVr8127IswNLAwRaKxM.bARyn6ewkiI01AvoPpGs8BEdto1qq1m\n`;

interface Blob {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
}

/**
 * @param folder a separate directory for all its data
 * @param wishes.isPrivate whether it only responds to READER; users who log in fill it
 */
export async function startRegistry(folder: string, { isPrivate = false } = {}): Promise<Registry> {
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const conf = join(folder, 'registry.yml');
  const readers = join(folder, 'readers');
  await writeFile(readers, READERS);
  await writeFile(
    conf,
    `version: 0.1
storage: { filesystem: { rootdirectory: "${folder}/store" } }
http: { addr: "${address}" }
${isPrivate ? `auth: { htpasswd: { realm: lab, path: "${readers}" } }` : ''}
`,
  );
  const logPath = join(folder, 'registry.log');
  const daemon = await startDaemon({ program: 'docker-registry', args: ['serve', conf], logPath });
  await daemon.untilReady(() => isListening(port));
  const layers = new Map<string, string>();

  /** docs.docker.com/registry/spec/api: an upload is begun, then ended with all of its bytes. */
  async function upload(name: string, mediaType: string, bytes: Buffer): Promise<Blob> {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const begun = await ask(`http://${address}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const uploadUrl = new URL(begun.headers.get('location') ?? '', `http://${address}`);
    uploadUrl.searchParams.set('digest', digest);
    await ask(uploadUrl.href, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': 'application/octet-stream' },
    });
    return { mediaType, size: bytes.length, digest };
  }

  return {
    address,
    async push(name, imageFolder) {
      const file = join(folder, 'layer.tar');
      await run('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', imageFolder, '-cf', file, '.']);
      const tar = await readFile(file);
      const layer = await upload(name, 'application/vnd.oci.image.layer.v1.tar', tar);
      const configuration = {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'FROM_IMAGE=yes'] },
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      };
      const config = await upload(
        name,
        'application/vnd.oci.image.config.v1+json',
        Buffer.from(JSON.stringify(configuration)),
      );
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      await ask(`http://${address}/v2/${name}/manifests/1.0`, {
        method: 'PUT',
        body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
        headers: { 'content-type': mediaType },
      });
      layers.set(name, layer.digest);
      return `${address}/${name}:1.0`;
    },
    async fetched(name) {
      const log = await readFile(logPath, 'utf8');
      return log.split(`"GET /v2/${name}/blobs/${layers.get(name) ?? ''} HTTP`).length - 1;
    },
    stop: () => daemon.kill(),
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
