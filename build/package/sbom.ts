// Makes the bill of materials: each package whose code is in the program, in the format of CycloneDX.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageFacts, PackageFile } from './package-files.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

/**
 * `npm sbom` lists what is installed; this lists what is bundled. It has no time and no random number, so that its bytes depend only on
 * its contents.
 * @param bundled the folders of the packages
 * @param nodeVersion of the single files, which contain Node
 */
export function makeSbom(facts: PackageFacts, bundled: readonly string[], nodeVersion: string): PackageFile {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const node = {
    type: 'platform',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:generic/node@${nodeVersion}`,
    licenses: [{ license: { id: 'MIT' } }],
    properties: [{ name: 'part-of', value: 'the single files' }],
  };
  const text = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        name: 'clearml-agent-slurm',
        version: facts.version,
        purl: `pkg:npm/clearml-agent-slurm@${facts.version}`,
        licenses: [{ license: { id: facts.license } }],
      },
    },
    components: [...bundled.map((folder) => component(folder, packages[folder]?.integrity)), node],
  };
  const digest = createHash('sha256').update(JSON.stringify(text)).digest('hex');
  const serialNumber = `urn:uuid:${uuid(digest)}`;
  const data = Buffer.from(`${JSON.stringify({ ...text, serialNumber }, undefined, 2)}\n`);
  return { path: `clearml-agent-slurm-${facts.version}.cdx.json`, data };
}

function component(folder: string, integrity: string | undefined): unknown {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const [, algorithm, digest] = /^(sha512)-(.*)$/.exec(integrity ?? '') ?? [];
  if (algorithm === undefined || digest === undefined)
    throw new Error(`package-lock.json has no sha512 for ${folder}: run npm install --package-lock-only`);
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${version}`,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  };
}

/** In the form of a random UUID (RFC 9562, version 8). */
function uuid(digest: string): string {
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
