// Tasks in containers on real Slurm, by real Apptainer and the real clearml-agent, started by the documented command line.
// All are enqueued at once, by an ordinary user, and each test waits for its own.
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { AGENT_WHEELS } from '../set-up/agent-venv.mjs';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { addPip, makeImage } from '../support/apptainer-image.ts';
import { actAs } from '../support/as-user.ts';
import { contentsOf } from '../support/contents.ts';
import { startRegistry, type Registry } from '../support/registry.ts';
import {
  agentPython,
  requireAgent,
  requireRegistry,
  requireRoot,
  requireSlurmVersion,
  requireSshd,
} from '../support/requires.ts';
import { addAccount, removeAccount, type TestAccount } from '../support/sshd.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import type { SeenTask } from './api.ts';
import {
  CACHES,
  DOCUMENTED,
  HOSTILE,
  LIMITED,
  PRINTS_ENVIRONMENT,
  loginAndPush,
  NOT_TO_BE_HAD,
  REFUSED,
  writeScript,
} from './container-tasks.ts';
import { prepareHostileRuns } from './hostile-containers.ts';
import { RANKS_MEET } from './ranks-meet.ts';
import { startWorld, type World } from './world.ts';

/** Slurm's own way to end what uses more memory than it asked for, where no cgroups can. */
const LIMITS = [
  'JobAcctGatherType=jobacct_gather/linux',
  'JobAcctGatherFrequency=1',
  'JobAcctGatherParams=OverMemoryKill',
];

/** How many jobs start at once from an image that nobody has pulled. */
const AT_ONCE = 5;

const RUNS_FOREVER = 'import time\nprint("at work", flush=True)\ntime.sleep(3600)';
const EATS = 'import time\nfood = b"x" * 600_000_000\ntime.sleep(3600)';
describe('a task in a container', () => {
  let folder: string;
  let account: TestAccount;
  let whole: SlurmCluster;
  let cluster: SlurmCluster;
  let registry: Registry;
  let closedRegistry: Registry;
  let world: World;
  let image: string;
  let untouched: readonly string[];
  const sshAgent = createServer((socket) => socket.destroy());
  const queues = new Map<string, string>();
  const tasks = new Map<string, string>();

  before(requireRoot);
  before(requireAgent);
  before(requireRegistry);
  before(requireSshd);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'containers-'));
    await chmod(folder, 0o755);
    // Before the cluster: its nodes know the accounts that are there when it starts.
    account = await addAccount({ files: { '.ssh/config': 'Host lab', '.config/containers/registries.conf': '' } });
    whole = await startSlurmCluster({ version: APPTAINER_BESIDE, extraLines: LIMITS, gpusPerNode: 4 });
    cluster = actAs(whole, account.name);

    const bare = join(folder, 'image-without-python');
    await makeImage(bare, { hasPython: false });
    image = join(folder, 'image');
    await makeImage(image, { hasPython: true });
    await mkdir(join(folder, 'images/lab'), { recursive: true });
    await whole.run('srun', 'singularity', 'build', join(folder, 'images/lab/small_2.0.sif'), image);
    await addPip(image, join(agentPython(), '../..'));
    await mkdir(join(folder, 'registry'));
    registry = await startRegistry(join(folder, 'registry'));
    const pushed = await registry.push('lab/tool', image);
    await mkdir(join(folder, 'private-registry'));
    closedRegistry = await startRegistry(join(folder, 'private-registry'), { isPrivate: true });
    const { address } = closedRegistry;
    // As its page says to do it, once, as the user of the jobs.
    await cluster.run(
      'srun',
      'bash',
      '-c',
      loginAndPush(account.home, address, join(folder, 'images/lab/small_2.0.sif')),
    );
    await writeScript(join(image, 'usr/local/bin/python'), `exec ${agentPython()} "$@"`);

    const variables = {
      // Nothing has to be installed for the task, and an abort is seen soon.
      CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1',
      CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '1',
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: AGENT_WHEELS,
    };
    const given = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const mounted = [join(agentPython(), '../..'), AGENT_WHEELS].flatMap((path) => ['-v', `${path}:${path}:ro`]);
    for (const path of [join(folder, 'shared'), join(folder, 'cache')])
      await mkdir(path).then(() => chown(path, account.uid, account.uid));
    world = await startWorld({
      cluster,
      owner: account,
      python: false,
      agent: `extra_docker_arguments: ${JSON.stringify([...given, ...mounted])}`,
      // Where no container sees it.
      slurm: `python: ${resolve('test/fixtures/agent/python')}
        shared_dir: ${folder}/shared
        image_dir: ${folder}/images
        image_cache_dir: ${folder}/cache/images
        container_ssh: true`,
    });
    await writeFile(
      join(world.home, '.config/containers/registries.conf'),
      `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`,
    );
    const socket = join(world.folder, 'agent.sock');
    await once(sshAgent.listen(socket), 'listening');
    await chmod(socket, 0o777);
    untouched = [...(await contentsOf(image)), ...(await contentsOf(world.home))];

    const documented = await world.write('slurm.example_singularity.template', DOCUMENTED);
    const limited = await world.write('limited.template', LIMITED);
    for (const name of ['default', 'limited']) queues.set(name, await world.user.makeQueue(name));
    const files = ['--template-files', documented, limited];
    world.start('--singularity-mode', ...files, '--queue', ...['default', 'limited'].map(world.nameOf));

    await enqueue('time limit', RUNS_FOREVER, { queue: 'limited', properties: { walltime: '1' } });
    for (let number = 0; number < AT_ONCE; number += 1)
      await enqueue(`pulled ${number}`, 'import sys; print("version", sys.version)', { container: { image: pushed } });
    await enqueue('environment', PRINTS_ENVIRONMENT, {
      queue: 'limited',
      container: {
        image,
        arguments: `-e 'A=${HOSTILE.replaceAll("'", `'"'"'`)}' --ipc=host`,
        setup_shell_script: String.raw`name='4\\2'; export FROM_SCRIPT=$name`,
      },
    });
    await enqueue('by name', 'import os; print("init", os.path.exists("/.singularity.d"))', {
      container: { image: 'lab/small:2.0' },
    });
    await enqueue('private', 'import os; print("init", os.path.exists("/.singularity.d"))', {
      container: { image: `oras://${address}/lab/artifact:1.0` },
    });
    await enqueue('memory', EATS, { queue: 'limited' });
    await enqueue('abort', RUNS_FOREVER);
    await enqueue('cancel', RUNS_FOREVER);
    await enqueue('exit 3', 'import sys; sys.exit(3)');
    await enqueue('three nodes', `${RANKS_MEET}print("rank", rank, "of", size, flush=True)`, {
      properties: { num_nodes: '3' },
      container: { image: pushed },
    });
    await enqueue('no Python', 'print("never")', { container: { image: bare } });
    await enqueue('unknown image', 'print("never")', { container: { image: `${registry.address}/lab/nope:1.0` } });
    for (const { what, container } of [...NOT_TO_BE_HAD, ...REFUSED])
      await enqueue(what, 'print("never")', { container });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    sshAgent.close();
    await registry.stop();
    await closedRegistry.stop();
    await whole.stop();
    await removeAccount(account);
    await rm(folder, { recursive: true, force: true });
  });

  interface Wishes {
    readonly queue?: 'default' | 'limited';
    readonly container?: Readonly<Record<string, string>>;
    readonly properties?: Readonly<Record<string, string>>;
  }

  async function enqueue(name: string, code: string, wishes: Wishes = {}): Promise<void> {
    const { queue = 'default', container, properties = {} } = wishes;
    const task = await world.user.makeTask({ name, code, properties, more: { container: { image, ...container } } });
    tasks.set(name, task);
    await world.user.enqueue(task, queues.get(queue) ?? '');
  }

  function taskOf(name: string): string {
    return tasks.get(name) ?? '';
  }

  function until(name: string, status: string): Promise<SeenTask> {
    return world.untilStatus(taskOf(name), status);
  }

  /** The daemon says why after the task has ended. */
  async function untilFailed(name: string, ...words: readonly string[]): Promise<void> {
    await until(name, 'failed');
    for (const text of words) await world.untilConsole(taskOf(name), text);
  }

  async function logOf(name: string): Promise<string> {
    const file = (await readdir(world.folder)).find((path) => path.startsWith(`task-${taskOf(name)}-`));
    return file === undefined ? '' : readFile(join(world.folder, file), 'utf8');
  }

  it('stays stopped after an abort, and its job ends', async () => {
    const task = taskOf('abort');
    await world.untilConsole(task, '\nat work\n');
    await world.user.api('tasks.stop', { task });
    await world.untilNoJob(task);
    await world.untilStatus(task, 'stopped');
    await world.untilConsole(task, 'Process aborted by user');
  });

  it('is stopped by its agent when its job is cancelled', async () => {
    const task = taskOf('cancel');
    await world.untilConsole(task, '\nat work\n');
    await cluster.run('scancel', ...(await world.jobsOf(task, 'R')));
    await until('cancel', 'stopped');
    await world.untilConsole(task, 'Process terminated by user');
  });

  it('sees its image, its exact variables and a read-only ~/.ssh, and no variables of the node', async () => {
    await until('environment', 'completed');
    const task = taskOf('environment');
    for (const line of [
      `image ['bash', 'cat'] ${image} as ${account.uid}`,
      String.raw`variables ${HOSTILE} 4\\2`,
      'leaked [] False',
      'ssh-agent None',
      'Host lab can be read only: Read-only file system',
    ])
      await world.untilConsole(task, `\n${line}\n`);
    // Whichever is free.
    await world.untilConsole(task, /\nGPUs \d\n/);
    await world.untilConsole(task, 'The container argument --ipc is ignored: ');
    // All that Apptainer says of --nv where there is no driver, and only if it is asked to say more.
    expect(await logOf('environment')).to.include('persistenced socket /var/run/nvidia-persistenced/socket not found');
  });

  it("runs in an image without pip, from the site's file for the image name", async () => {
    await until('by name', 'completed');
    await world.untilConsole(taskOf('by name'), '\ninit True\n');
    const log = await logOf('by name');
    expect(log).to.include(`using ${folder}/images/lab/small_2.0.sif as the image docker://lab/small:2.0`);
    // The same image as an artifact: whichever job comes first makes the environment of both.
    await until('private', 'completed');
    expect(log + (await logOf('private'))).to.include('using the clearml-agent of the node');
  });

  it('runs in an image that is an artifact of a registry with a login', async () => {
    await until('private', 'completed');
    await world.untilConsole(taskOf('private'), '\ninit True\n');
    expect(await logOf('private')).to.include(`: pulled oras://${closedRegistry.address}/lab/artifact:1.0`);
  });

  it(`runs ${AT_ONCE} times at once, while its image is pulled once and clearml-agent installed once`, async () => {
    await until('three nodes', 'completed');
    const logs = [await logOf('three nodes')];
    for (let number = 0; number < AT_ONCE; number += 1) {
      await until(`pulled ${number}`, 'completed');
      await world.untilConsole(taskOf(`pulled ${number}`), '\nversion 3.');
      logs.push(await logOf(`pulled ${number}`));
    }
    expect(await registry.fetched('lab/tool')).to.equal(1);
    for (const words of [': pulled docker://', ': installing clearml-agent '])
      expect(logs.join('\n').split(words), words).to.have.length(2);
    // Another image, another environment.
    expect(await readdir(join(folder, 'shared/agents'))).to.have.length(2);
  });

  it("fails with its program's exit code", async () => {
    expect((await until('exit 3', 'failed')).status_reason).to.include('exit code 3');
  });

  it("fails at its memory limit, with Slurm's message", async () => {
    await untilFailed('memory', 'exit code 137', 'exceeded memory limit');
  });

  it('runs once on each of three nodes, each with its own rank', async () => {
    await until('three nodes', 'completed');
    // The first one's agent ends the task, and may be done before the others have told all.
    for (const rank of [0, 1, 2]) await world.untilConsole(taskOf('three nodes'), `rank ${rank} of 3`);
    expect([...(await world.user.console(taskOf('three nodes'))).matchAll(/^rank \d of 3$/gm)]).to.have.length(3);
  });

  it('fails in an image without Python, and with an image missing in its registry, with messages', async () => {
    await untilFailed('no Python', JOB_EXIT_CODES.noPythonInImage.meaning, 'no python3 and no python in');
    await untilFailed('unknown image', JOB_EXIT_CODES.imageNotPulled.meaning, 'manifest unknown');
  });

  for (const { what, words } of NOT_TO_BE_HAD)
    it(`fails with ${what} and Apptainer's message`, () => untilFailed(what, ...words));

  for (const { what, words } of REFUSED) {
    it(`fails with ${what} before a job is submitted`, async () => {
      await untilFailed(what, words);
      expect(await world.jobsOf(taskOf(what))).to.deep.equal([]);
    });
  }

  it('fails at its time limit, with advice', async () => {
    await untilFailed('time limit', 'TIMEOUT', 'raise --time');
  });

  it('receives hostile directory, variable and image names unchanged', async () => {
    const place = join(folder, 'hostile');
    const { script, expected } = await prepareHostileRuns(place, image, 60);
    await writeFile(join(place, 'script'), script);
    const seen = (await cluster.run('srun', '--quiet', `--chdir=${place}`, 'bash', 'script')).split('\0').slice(0, -1);
    expect(seen).to.deep.equal(expected);
    expect(expected).not.to.have.length(0);
    expect(await readdir(place)).not.to.include('pwned');
  });

  it('leaves its image and the home directory unchanged, except caches of Apptainer and the agent', async () => {
    const now = [...(await contentsOf(image)), ...(await contentsOf(world.home))];
    const changed = [...now, ...untouched].filter((line) => !now.includes(line) || !untouched.includes(line));
    expect(changed.filter((line) => !CACHES.test(line))).to.deep.equal([]);
  });
});
