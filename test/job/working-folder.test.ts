// A job in a directory with files of other users that are named like Python modules: it runs none of them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { agentPython, requireAgent, requirePython } from '../support/skip-unless.ts';
import { fillIn, type JobRun } from './job-script.ts';
import { QUICK_TEMPLATE, useNodeWithSandbox } from './parking-sandbox.ts';

/** Modules that Python imports at its start, that our programs import, and that `python -m` starts. */
const MODULES = [
  ...['encodings', 'codecs', 'site', 'os', 'sitecustomize', 'usercustomize', 'runpy', 'importlib', 're', 'io'],
  ...['json', 'logging', 'platform', 'hashlib', 'socket', 'shutil', 'sysconfig', 'signal', 'random', 'requests'],
  ...['venv', 'virtualenv', 'pip', 'ensurepip', 'clearml_agent', 'subprocess', 'argparse', 'urllib', 'psutil'],
];

/** Unset, with an empty element, and with relative elements. */
const PYTHON_PATHS = [undefined, ':/nowhere', './lib:../outside'];

const SAYS_WHERE =
  'import os; print("at %s with %s by %s" % (os.getcwd(), os.environ.get("PYTHONPATH"), os.environ["PWD"]), flush=True)';

describe('a job in a world-writable working directory', () => {
  /** The directory in which the job starts. */
  let folder: string;
  /** The names of the hostile modules that were run. */
  let canary: string;
  before(requirePython);
  const bed = useNodeWithSandbox();
  beforeEach(() => {
    folder = join(bed.node.home, '..');
    canary = join(bed.node.home, 'canary');
    for (const directory of [
      folder,
      join(folder, 'lib'),
      join(folder, 'outside'),
      bed.node.tmp,
      join(bed.node.tmp, 'outside'),
    ])
      writeCanaries(directory);
  });

  function writeCanaries(directory: string): void {
    mkdirSync(directory, { recursive: true });
    // Not open(), which does not exist yet when Python imports encodings.
    const file = `posix.open(${JSON.stringify(canary)}, posix.O_CREAT | posix.O_WRONLY | posix.O_APPEND, 0o600)`;
    const text = `import posix\nposix.write(${file}, __file__.encode() + b"\\n")\nposix._exit(77)\n`;
    for (const name of MODULES) writeFileSync(join(directory, `${name}.py`), text);
  }

  function ranModules(): string {
    return existsSync(canary) ? readFileSync(canary, 'utf8') : '';
  }

  async function run(code: string, python: string, env: Record<string, string>, lines = ''): Promise<Ran> {
    const facts = { ...(await bed.parking.park(code)), python };
    const template = QUICK_TEMPLATE.replace('\n', `\n${exports(env)}${lines}`);
    const job = await bed.node.run(fillIn(template, facts));
    expect(ranModules(), job.stderr).to.equal('');
    return { ...job, console: await bed.parking.user.console(facts.taskId) };
  }

  for (const path of PYTHON_PATHS)
    it(`imports no Python module from the directory if PYTHONPATH is ${path === undefined ? 'not set' : `"${path}"`}`, async () => {
      const env = path === undefined ? {} : { PYTHONPATH: path };
      const { exitCode, stderr, console } = await run(SAYS_WHERE, standInAgentPython(), env);
      expect(exitCode, stderr).to.equal(0);
      expect(console).to.match(/^at \S+\/clearml-4711\.\w+\/code with /m);
      expect(bed.node.leftovers().filter((name) => name.startsWith('clearml-'))).to.deep.equal([]);
    });

  it('imports no Python module from the directory in any of its ranks', async () => {
    const bin = join(bed.node.home, 'bin');
    mkdirSync(bin);
    symlinkSync(resolve('test/fixtures/job/srun'), join(bin, 'srun'));
    const env = { PYTHONPATH: ':../outside', PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`, SLURM_JOB_NUM_NODES: '2' };
    const met = `import time\nopen("${bed.node.home}/" + os.environ["NODE_RANK"], "w").close()
while not all(os.path.exists("${bed.node.home}/" + other) for other in "01"): time.sleep(0.05)`;
    const code = `${SAYS_WHERE}\n${met}\n`;
    const { exitCode, stderr, console } = await run(code, standInAgentPython(), env);
    expect(exitCode, stderr).to.equal(0);
    expect(console).to.match(/^at \S+\/clearml-4711\.\w+\/code with /m);
    expect(console).to.match(/^at \S+\/clearml-4711\.\w+-1\.\w+\/code with /m);
  });

  it('runs no file of the directory while it searches for Python and creates an environment', async () => {
    const python = join(bed.node.home, 'plain');
    const real = execFileSync('python3', ['-c', 'import sys; print(sys._base_executable)'], {
      encoding: 'utf8',
    }).trim();
    // Always without clearml-agent.
    writeFileSync(python, `#!/bin/sh\ncase "$*" in *COMMANDS*) exit 1 ;; esac\nexec ${real} "$@"\n`, { mode: 0o755 });
    const env = {
      PYTHONPATH: ':lib:../../outside:../../../outside',
      PIP_NO_INDEX: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PATH: '.:/usr/bin:/bin',
    };
    writeFileSync(join(folder, 'python3'), `#!/bin/sh\necho "$0" >>${canary}\n`, { mode: 0o755 });
    const { exitCode, stderr } = await run(SAYS_WHERE, python, env);
    expect(exitCode, stderr).to.equal(JOB_EXIT_CODES.noPython.code);
    expect(stderr).to.include('could not install clearml-agent');
  });

  it('ignores git repositories, uv and poetry projects above its private directory', async () => {
    execFileSync('git', ['init', '--quiet', bed.node.tmp]);
    writeFileSync(join(bed.node.tmp, 'uv.toml'), 'index-url = "http://127.0.0.1:9"\n');
    writeFileSync(join(bed.node.tmp, 'pyproject.toml'), '[tool.uv.workspace]\nmembers = ["clearml-*/*"]\n');
    // As uv and poetry search.
    const code = `import os, subprocess
print("git: %s" % subprocess.call(["git", "rev-parse", "--show-toplevel"]), flush=True)
at = os.getcwd()
while not any(os.path.exists(os.path.join(at, name)) for name in ("uv.toml", "pyproject.toml")): at = os.path.dirname(at)
print("project: %s %s" % (os.path.basename(at), sorted(os.listdir(at))), flush=True)
print(open(os.path.join(at, "pyproject.toml")).read(), flush=True)`;
    const { console } = await run(code, standInAgentPython(), {});
    expect(console).to.include('git: 128');
    expect(console)
      .to.match(/^project: clearml-4711\.\w+ /m)
      .and.not.include("'uv.toml'");
    // uv: no workspace, settings end here, and "uv run" needs no project.
    expect(console)
      .to.match(/^\[project\]$/m)
      .and.match(/^\[tool\.uv\]\nmanaged = false$/m);
  });

  describe('(with the real agent)', () => {
    before(requireAgent);

    it('imports no Python module from the directory', async () => {
      const { exitCode, stderr, console } = await run(SAYS_WHERE, agentPython(), { PYTHONPATH: ':./lib:../outside' });
      expect(exitCode, stderr).to.equal(0);
      expect(console)
        .to.match(/^at \S+\/clearml-4711\.\w+\/code with :\.\/lib:\.\.\/outside:/m)
        .and.include(` by ${folder}\n`);
    });

    it('runs the code of the directory if the template sets CLEARML_AGENT_FORCE_CODE_DIR', async () => {
      mkdirSync(join(folder, 'project', 'src'), { recursive: true });
      writeFileSync(join(folder, 'project', 'mine.py'), 'print("mine is imported")\n');
      writeFileSync(join(folder, 'project', 'src', 'theirs.py'), 'print("theirs is imported")\n');
      writeFileSync(join(folder, 'project', 'script.py'), `import mine, theirs\n${SAYS_WHERE}\n`);
      const lines = 'cd project\nexport CLEARML_AGENT_FORCE_CODE_DIR=. CLEARML_AGENT_FORCE_EXEC_SCRIPT=script.py\n';
      const { exitCode, stderr, console } = await run('', agentPython(), { PYTHONPATH: 'src' }, lines);
      expect(exitCode, stderr).to.equal(0);
      expect(console).to.include('mine is imported').and.include('theirs is imported');
      expect(console).to.include(`at ${folder}/project with src:`);
    });
  });
});

interface Ran extends JobRun {
  readonly console: string;
}

function exports(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}
