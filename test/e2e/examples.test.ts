// The templates of examples/, unchanged, on real Slurm that claims GPUs: each runs a task.
// Conda, the command module, Pyxis and clearml-agent are stand-ins of the tests; Apptainer is real. All tasks are enqueued at
// once, and each test waits for its own.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { makeNamedImage } from '../support/image-with-agent.ts';
import { buildPyxisStandIn } from '../stand-ins/pyxis/stand-in-pyxis.ts';
import { requireCompiler, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';
import { startWorld, type World } from './world.ts';

/** The queues, named as their templates: the first ones have the first jobs. */
const ON_NODES = ['gpu', 'slurm.example', 'cpu', 'multi-node'];
const WITH_OWN_PYTHON = ['conda', 'modules', 'slurm.example_pyxis'];
const BY_SRUN = ['slurm.example_pyxis-srun'];
const IN_CONTAINERS = ['slurm.example_singularity'];

const TELLS = `import os, sys
names = ["CONDA_PREFIX", "LOADEDMODULES", "CLEARML_DOCKER_IMAGE", "SLURM_JOB_PARTITION"]
print("ran with", *[os.environ.get(name) for name in names], os.path.exists("/inside"), flush=True)
`;

/** Ends only when both are there, so that they share what they run on. */
const WITH_GPU = `import os, time
names = ["SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "CLEARML_WORKER_ID"]
print("GPU:", *[os.environ.get(name) for name in names], flush=True)
open("{folder}/gpu-" + os.environ["SLURM_JOB_ID"], "w").close()
while len([name for name in os.listdir("{folder}") if name.startswith("gpu-")]) < 2: time.sleep(0.1)
`;

/** Like torchrun: one process, with its rank, per GPU of each node. */
const AS_TORCHRUN = `${SYNCHRONIZE_RANKS}
import subprocess, sys
gpus = os.environ["CUDA_VISIBLE_DEVICES"].split(",")
worker = 'import os; print("worker", *[os.environ[name] for name in ("RANK", "WORLD_SIZE", "CUDA_VISIBLE_DEVICES")])'
for number, gpu in enumerate(gpus):
    own = {"RANK": rank * len(gpus) + number, "WORLD_SIZE": size * len(gpus), "CUDA_VISIBLE_DEVICES": gpu}
    subprocess.check_call([sys.executable, "-c", worker], env={**os.environ, **{k: str(v) for k, v in own.items()}})
`;

describe('the templates in examples/', () => {
  let folder: string;
  let cluster: SlurmCluster;
  let world: World;
  const tasks = new Map<string, string>();

  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(requireCompiler);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    const { image, images } = await makeNamedImage(folder);
    const partitions = ['gpu', 'cpu'].map((name) => `PartitionName=${name} Nodes=ALL State=UP PreemptMode=OFF`);
    const extraLines = [...partitions, ...(await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images }))];
    const size = { gpusPerNode: 8, memoryMbPerNode: 131_072 };
    cluster = await startSlurmCluster({ version: APPTAINER_BESIDE, extraLines, ...size });
    world = await startWorld({ cluster, python: false });
    await makeCondaAndModules();

    const withPython = join(world.folder, 'with-python.conf');
    const conf = await readFile(join(world.home, 'clearml.conf'), 'utf8');
    await writeFile(withPython, `${conf}\nagent.slurm.python: "${standInAgentPython()}"\n`, { mode: 0o600 });
    await enqueue('gpu', WITH_GPU, { cpus: '1', memory: '100M' }, 'first GPU');
    await enqueue('gpu', WITH_GPU, { cpus: '1', memory: '100M' }, 'second GPU');
    await enqueue('multi-node', AS_TORCHRUN, { gpus_per_node: '2' });
    for (const name of ['slurm.example', 'cpu', 'modules']) await enqueue(name, TELLS);
    await enqueue('conda', TELLS, { environment: 'train' });
    for (const name of ['slurm.example_pyxis', ...BY_SRUN]) await enqueue(name, TELLS, {}, name, 'docker://lab/tool:1');
    for (const name of IN_CONTAINERS) await enqueue(name, TELLS, {}, name, image);

    await serve(ON_NODES, '--config-file', withPython);
    await serve(WITH_OWN_PYTHON);
    await serve(BY_SRUN, '--config-file', withPython, '--srun-delegation');
    await serve(IN_CONTAINERS, '--config-file', withPython, '--singularity-mode');
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Stand-ins: all that they do is to lead to a Python with the stand-in for clearml-agent. */
  async function makeCondaAndModules(): Promise<void> {
    const agent = dirname(standInAgentPython());
    for (const place of ['miniconda3/envs/train/bin', 'modules/python/3.11/bin']) {
      await mkdir(join(world.home, place), { recursive: true });
      const python = `#!/bin/sh\nPYTHONPATH=${agent} PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 "$@"\n`;
      await writeFile(join(world.home, place, 'python3'), python, { mode: 0o755 });
    }
    const profile = join(world.home, 'miniconda3/etc/profile.d');
    await mkdir(profile, { recursive: true });
    const conda = '[ "$1" = activate ] && export CONDA_PREFIX=~/miniconda3/envs/$2 PATH=~/miniconda3/envs/$2/bin:$PATH';
    await writeFile(join(profile, 'conda.sh'), `conda() { ${conda}; }\n`);
    const module = 'if [ "$1" = load ]; then export LOADEDMODULES=$2 PATH=~/modules/$2/bin:$PATH; fi';
    await writeFile(join(world.home, '.bash_profile'), `module() { ${module}; }\n`);
  }

  async function enqueue(
    queue: string,
    code: string,
    properties: Readonly<Record<string, string>> = {},
    name = queue,
    image?: string,
  ): Promise<void> {
    const more = image === undefined ? {} : { container: { image } };
    const task = await world.user.makeTask({ code: code.replaceAll('{folder}', folder), properties, more });
    await world.user.enqueue(task, await world.user.makeQueue(queue));
    tasks.set(name, task);
  }

  async function serve(queues: readonly string[], ...options: readonly string[]): Promise<void> {
    const files = queues.map((name) => join(world.folder, `${name}.template`));
    for (const file of files) await cp(resolve('examples', file.slice(world.folder.length + 1)), file);
    const state = ['--state-dir', join(world.folder, `state-of-${queues[0] ?? ''}`)];
    world.start(...options, ...state, '--template-files', ...files, '--queue', ...queues.map(world.nameOf));
  }

  async function consoleOfCompleted(name: string): Promise<string> {
    const task = tasks.get(name) ?? '';
    const ended = await world.until(task, 'the task to end', ({ status }) => /completed|failed/.test(status));
    expect(ended.status, await world.user.console(task)).to.equal('completed');
    await world.untilConsole(task, 'ended COMPLETED');
    return world.user.console(task);
  }

  it('are all used by these tests', () => {
    const names = readdirSync('examples').filter((name) => name.endsWith('.template'));
    const tried = [...ON_NODES, ...WITH_OWN_PYTHON, ...BY_SRUN, ...IN_CONTAINERS].map((name) => `${name}.template`);
    expect(names).to.have.members(tried);
  });

  it('give two tasks on one node different GPUs and different worker ids (gpu.template)', async () => {
    const printed = [await consoleOfCompleted('first GPU'), await consoleOfCompleted('second GPU')];
    const rows = printed.map((text) => /^GPU: (\S+) (\S+) (\S+) (\S+)$/m.exec(text)?.slice(1) ?? []);
    const [nodes, devices, ofSlurm, workers] = [0, 1, 2, 3].map((column) => rows.map((row) => row[column]));
    expect(nodes).to.deep.equal([nodes?.[0], nodes?.[0]]);
    expect(devices).to.have.members(['0', '1']).and.to.deep.equal(ofSlurm);
    expect(new Set(workers)).to.have.property('size', 2);
  });

  it('run a task directly on the node (slurm.example.template, cpu.template)', async () => {
    expect(await consoleOfCompleted('slurm.example')).to.include('ran with None None None debug False');
    expect(await consoleOfCompleted('cpu')).to.include('ran with None None None cpu False');
  });

  it('run a task in a conda environment (conda.template)', async () => {
    const environment = join(world.home, 'miniconda3/envs/train');
    expect(await consoleOfCompleted('conda')).to.include(`ran with ${environment} None`);
  });

  it('run a task with the Python of a module (modules.template)', async () => {
    expect(await consoleOfCompleted('modules')).to.include('ran with None python/3.11 None');
  });

  it('run a task in an Apptainer container (slurm.example_singularity.template)', async () => {
    expect(await consoleOfCompleted('slurm.example_singularity')).to.match(/ran with None None \S+image debug True/);
  });

  it('run a task in a Pyxis container (slurm.example_pyxis.template, slurm.example_pyxis-srun.template)', async () => {
    for (const name of ['slurm.example_pyxis', ...BY_SRUN])
      expect(await consoleOfCompleted(name)).to.include('ran with None None docker://lab/tool:1 gpu True');
  });

  it('run one process for each GPU of two nodes, as torchrun does (multi-node.template)', async () => {
    const printed = await consoleOfCompleted('multi-node');
    const workers = [...printed.matchAll(/^worker (\d) 4 (\d)$/gm)].map(
      ([, rank, gpu]) => `${rank ?? ''} on ${gpu ?? ''}`,
    );
    expect(workers).to.have.members(['0 on 0', '1 on 1', '2 on 0', '3 on 1']);
  });
});
