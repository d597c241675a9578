// The test bed of the container tests: Slurm with Apptainer, two image registries, images, an ordinary user and the daemon.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AGENT_WHEELS } from '../set-up/agent-venv.mjs';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { addPip, makeImage } from '../support/apptainer-image.ts';
import { actAs } from '../support/as-user.ts';
import { contentsOf } from '../support/directory-contents.ts';
import { READER, startRegistry, type Registry } from '../support/container-registry.ts';
import { agentPython } from '../support/skip-unless.ts';
import { addAccount, removeAccount, type TestAccount } from '../support/sshd.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { startWorld, type World } from './world.ts';

/** How Slurm ends jobs that use more memory than they requested, without cgroups. */
const MEMORY_LIMITS = [
  'JobAcctGatherType=jobacct_gather/linux',
  'JobAcctGatherFrequency=1',
  'JobAcctGatherParams=OverMemoryKill',
];

/** The template of ClearML's Deployment page. */
const DOCUMENTED = readFileSync(new URL('../fixtures/templates/singularity.template', import.meta.url), 'utf8');

/** The same with limits, with settings that a user's shell may export, and with the socket of an ssh-agent. */
const LIMITED = DOCUMENTED.replace(
  '\n${CLEARML_PRE_SETUP}',
  (preSetup) => `#SBATCH --mem=300M
#SBATCH --gres=gpu:1
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:10}
export PYTHONPATH=/nowhere VIRTUAL_ENV=/nowhere CONDA_PREFIX=/nowhere BASH_ENV=/nowhere LD_PRELOAD=libm.so.6
export SSH_AUTH_SOCK=$SLURM_SUBMIT_DIR/agent.sock APPTAINER_MESSAGELEVEL=2
module() { :; }
export -f module
${preSetup}`,
);

export interface TaskOptions {
  readonly queue?: 'default' | 'limited';
  readonly container?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface ContainerTestBed {
  readonly world: World;
  readonly account: TestAccount;
  /** Its commands and jobs run as the user. */
  readonly cluster: SlurmCluster;
  /** Parent of `images`, which is the setting `image_dir`, and of `shared`, which is `shared_dir`. */
  readonly folder: string;
  /** The directory image of a task whose options name no other: with Python and pip. */
  readonly image: string;
  readonly imageWithoutPython: string;
  readonly registry: Registry;
  /** Has the artifact `lab/artifact:1.0`, which the user may pull. */
  readonly privateRegistry: Registry;
  /** The image as `registry` has it. */
  readonly pushedImage: string;
  /** Lines of `contentsOf` for the image and the home directory. */
  readonly contents: () => Promise<string[]>;
  /** The same before the daemon started. */
  readonly initialContents: readonly string[];
  /** Creates and enqueues a task. @param label by which the other functions find it */
  readonly enqueue: (label: string, code: string, options?: TaskOptions) => Promise<void>;
  readonly taskOf: (label: string) => string;
  /** Waits until the task has failed and its console has these messages, which the daemon adds after the end. */
  readonly untilFailed: (label: string, ...messages: readonly string[]) => Promise<void>;
  /** The job's log. */
  readonly logOf: (label: string) => Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openContainerTestBed(): Promise<ContainerTestBed> {
  const folder = await mkdtemp(join(tmpdir(), 'containers-'));
  await chmod(folder, 0o755);
  // The nodes know only accounts that exist when the cluster starts.
  const account = await addAccount({ files: { '.ssh/config': 'Host lab', '.config/containers/registries.conf': '' } });
  const whole = await startSlurmCluster({ version: APPTAINER_BESIDE, extraLines: MEMORY_LIMITS, gpusPerNode: 4 });
  const cluster = actAs(whole, account.name);

  const image = join(folder, 'image');
  const imageWithoutPython = join(folder, 'image-without-python');
  const imageFile = join(folder, 'images/lab/small_2.0.sif');
  await makeImage(imageWithoutPython, { hasPython: false });
  await makeImage(image, { hasPython: true });
  await mkdir(join(folder, 'images/lab'), { recursive: true });
  await whole.run('srun', 'singularity', 'build', imageFile, image);
  await addPip(image, join(agentPython(), '../..'));

  await mkdir(join(folder, 'registry'));
  const registry = await startRegistry(join(folder, 'registry'));
  const pushedImage = await registry.push('lab/tool', image);
  await mkdir(join(folder, 'private-registry'));
  const privateRegistry = await startRegistry(join(folder, 'private-registry'), { isPrivate: true });
  await cluster.run('srun', 'bash', '-c', loginAndPush(account.home, privateRegistry.address, imageFile));
  await mkdir(join(image, 'usr/local/bin'), { recursive: true });
  await writeFile(join(image, 'usr/local/bin/python'), `#!/bin/sh\nexec ${agentPython()} "$@"\n`, { mode: 0o755 });

  for (const path of [join(folder, 'shared'), join(folder, 'cache')])
    await mkdir(path).then(() => chown(path, account.uid, account.uid));
  const world = await startWorld({
    cluster,
    owner: account,
    python: false,
    agent: `extra_docker_arguments: ${JSON.stringify(extraArguments())}`,
    // This Python is outside of every container.
    slurm: `python: ${resolve('test/fixtures/agent/python')}
      shared_dir: ${folder}/shared
      image_dir: ${folder}/images
      image_cache_dir: ${folder}/cache/images
      container_ssh: true
      # The agent, not the daemon, ends an aborted task, also on a busy machine.
      grace.stop_sec: 120`,
  });
  await writeFile(
    join(world.home, '.config/containers/registries.conf'),
    `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`,
  );
  const sshAgent = createServer((socket) => socket.destroy());
  const socket = join(world.folder, 'agent.sock');
  await once(sshAgent.listen(socket), 'listening');
  await chmod(socket, 0o777);
  const contents = async (): Promise<string[]> => [...(await contentsOf(image)), ...(await contentsOf(world.home))];
  const initialContents = await contents();

  const queues = {
    default: await world.user.makeQueue('default'),
    limited: await world.user.makeQueue('limited'),
  };
  const templates = [
    await world.write('slurm.example_singularity.template', DOCUMENTED),
    await world.write('limited.template', LIMITED),
  ];
  const served = ['default', 'limited'].map(world.nameOf);
  world.start('--singularity-mode', '--template-files', ...templates, '--queue', ...served);
  const tasks = new Map<string, string>();
  const taskOf = (label: string): string => tasks.get(label) ?? '';

  return {
    world,
    account,
    cluster,
    folder,
    image,
    imageWithoutPython,
    registry,
    privateRegistry,
    pushedImage,
    contents,
    initialContents,
    async enqueue(label, code, { queue = 'default', container, properties = {} } = {}) {
      const more = { container: { image, ...container } };
      const task = await world.user.makeTask({ name: label, code, properties, more });
      tasks.set(label, task);
      await world.user.enqueue(task, queues[queue]);
    },
    taskOf,
    async untilFailed(label, ...messages) {
      await world.untilStatus(taskOf(label), 'failed');
      for (const message of messages) await world.untilConsole(taskOf(label), message);
    },
    async logOf(label) {
      const file = (await readdir(world.folder)).find((path) => path.startsWith(`task-${taskOf(label)}-`));
      return file === undefined ? '' : readFile(join(world.folder, file), 'utf8');
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      sshAgent.close();
      await registry.stop();
      await privateRegistry.stop();
      await whole.stop();
      await removeAccount(account);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What docs/containers.md has the job user do once; then the user puts an image file into the registry. */
function loginAndPush(home: string, registry: string, file: string): string {
  const { user, password } = READER;
  return `export HOME=${home}
echo '${password}' | apptainer registry login --username ${user} --password-stdin oras://${registry} &&
apptainer push ${file} oras://${registry}/lab/artifact:1.0`;
}

/** Tasks need no installation and see an abort within a second, and pip finds the agent without an index. */
function extraArguments(): string[] {
  const variables = {
    CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1',
    CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '1',
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: AGENT_WHEELS,
  };
  return [
    ...Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...[join(agentPython(), '../..'), AGENT_WHEELS].flatMap((path) => ['-v', `${path}:${path}:ro`]),
  ];
}
