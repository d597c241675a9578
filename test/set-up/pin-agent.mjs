// Writes templates/agent-requirements.txt: the files that jobs install for clearml-agent, by hash, for each Python. Run it by hand.
// node test/set-up/pin-agent.mjs 3.0.3 FOLDER python3.6 python3.7 …   what is downloaded stays in FOLDER, and is not asked for again
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [version = '', folder = '', ...pythons] = process.argv.slice(2);

const ARM = ['--platform', 'manylinux2014_aarch64'];
/** One file for every Python and machine, which is slower. */
const PURE = ['--platform', 'any', '--implementation', 'py', '--abi', 'none'];
/** Which files there are besides the one that this machine would take. @type {Record<string, string[][]>} */
const MORE = { psutil: [ARM], charset_normalizer: [ARM, PURE] };

/** @type {Map<string, Map<string, { minors: number[], hashes: Set<string> }>>} by name and version */
const found = new Map();

for (const python of pythons) {
  const minor = Number(run(python, '-c', 'import sys; print(sys.version_info[1])'));
  const venv = join(folder, `venv-${minor}`);
  const files = join(folder, `files-${minor}`);
  const pip = join(venv, 'bin/python');
  if (!existsSync(files)) {
    run(python, '-m', 'venv', venv);
    if (minor < 9) run(pip, '-m', 'pip', 'install', '--quiet', 'pip==21.3.1');
    mkdirSync(files);
    download(pip, files, `clearml-agent==${version}`);
  }
  for (const file of readdirSync(files)) {
    const [name = '', release = ''] = file.split('-');
    const known = entry(name, release);
    known.minors.push(minor);
    known.hashes.add(hashOf(join(files, file)));
    for (const [index, wish] of (MORE[name] ?? []).entries()) {
      const more = join(folder, `${name}-${release}-${minor}-${index}`);
      if (!existsSync(more))
        download(pip, more, '--no-deps', ...wish, '--python-version', `3.${minor}`, `${name}==${release}`);
      for (const one of readdirSync(more)) known.hashes.add(hashOf(join(more, one)));
    }
  }
}

writeFileSync('templates/agent-requirements.txt', `# Made by test/set-up/pin-agent.mjs.\n${lines().join('\n')}\n`);

/** One for each version, for the Pythons that it was found for, from the oldest of them up to the next version's. */
function lines() {
  return [...found]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([name, versions]) => {
      const all = [...versions].sort(([, a], [, b]) => Math.min(...a.minors) - Math.min(...b.minors));
      return all.map(([release, { minors, hashes }], index) => {
        const next = all[index + 1]?.[1].minors;
        const least = Math.min(...minors);
        const most = Math.max(...minors);
        const isLast =
          most === Math.max(...[...found.values()].flatMap((of) => [...of.values()].flatMap((one) => one.minors)));
        const from = `python_version >= "3.${least}"`;
        const marker = isLast && next === undefined ? from : `${from} and python_version < "3.${most + 1}"`;
        return `${name.replaceAll('_', '-')}==${release}; ${marker} ${[...hashes]
          .sort()
          .map((hash) => `--hash=sha256:${hash}`)
          .join(' ')}`;
      });
    });
}

/** @param {string} name @param {string} release */
function entry(name, release) {
  const versions = found.get(name) ?? new Map();
  found.set(name, versions);
  const known = versions.get(release) ?? { minors: [], hashes: new Set() };
  versions.set(release, known);
  return known;
}

/** @param {string} pip @param {string} target @param {string[]} words */
function download(pip, target, ...words) {
  run(pip, '-m', 'pip', 'download', '--quiet', '--only-binary=:all:', '--dest', target, ...words);
}

/** @param {string} file */
function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** @param {string} program @param {string[]} words */
function run(program, ...words) {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
