// Templates for Pyxis on real Slurm, with a stand-in for Pyxis that takes its options and makes containers by Apptainer.
// The image has the stand-in for clearml-agent. All tasks are enqueued at once, by an ordinary user, and each test waits for its own.
import { readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { readReport, type DoctorReport } from '../cli/doctor-report.ts';
import { NODE_PROBLEMS } from '../doctor/cluster-problems.ts';
import { makeImage } from '../support/apptainer-image.ts';
import { actAs } from '../support/as-user.ts';
import { buildPyxisStandIn } from '../stand-ins/pyxis/stand-in-pyxis.ts';
import { requireCompiler, requireRoot, requireSlurmVersion, requireSshd } from '../support/skip-unless.ts';
import { addAccount, removeAccount, type TestAccount } from '../support/sshd.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { makeImageWithVariables, NOT_TO_BE_HAD } from './pyxis-images.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';
import { startWorld, type World } from './world.ts';

/** As ClearML's page on Pyxis has them: the container of the whole script, and of what a function `srun` starts. */
const [BY_DIRECTIVES = '', BY_SRUN = ''] = ['pyxis-directives.template', 'pyxis-srun.template'].map((name) =>
  readFileSync(new URL(`../fixtures/templates/${name}`, import.meta.url), 'utf8'),
);

/** With an additional mount, and another image for the job. */
const WITH_MOUNT = BY_DIRECTIVES.replace(
  '#SBATCH --container-writable\n',
  (line) => `${line}#SBATCH --container-mounts={folder}/data:/data:ro\n`,
);

const HOMELESS = BY_DIRECTIVES.replace(
  '#SBATCH --container-writable\n',
  (line) => `${line}#SBATCH --no-container-mount-home\n`,
);

/** The nodes share this folder, as they share no /tmp. */
const WITH_SHARED_FOLDER = BY_SRUN.replace('\n${CLEARML_PRE', (line) => `export TMPDIR={folder}/scratch\n${line}`);

const WITH_VARIABLES = BY_SRUN.replace('srun() {', 'export FLAVOUR=job TASTE=job\nsrun() {').replace(
  '--container-writable',
  '--container-writable --container-env=FLAVOUR,CLEARML_CONFIG_FILE',
);

const IMAGE = 'nvcr.io/lab/tool:1.0-py3';
const TELLS = `import os
e = os.environ.get
print("inside", os.path.exists("/inside"), "of", sorted(os.listdir("/usr/bin"))[0], "rank", e("NODE_RANK"))
print("data", os.path.exists("/data/set"), "flavour", e("FLAVOUR"), e("TASTE"))
print("as", os.getuid(), e("HOME"), "locale", e("LANG"), e("LC_ALL"), "user site", e("PYTHONNOUSERSITE"), e("PYTHONPATH"))
print("system packages", e("CLEARML_AGENT__AGENT__PACKAGE_MANAGER__SYSTEM_SITE_PACKAGES"))
print("image", e("CLEARML_DOCKER_IMAGE"), "set", e("GREETING"), e("FROM_SCRIPT"), os.listdir("/extra") if os.path.exists("/extra") else "")
`;
/** A value that shells trip over. */
const GREETING = `it's "a" $(touch /tmp/pwned) \`id\` $HOME \\\\n%5C`;

describe('a task in a Pyxis container', () => {
  let folder: string;
  let account: TestAccount;
  let whole: SlurmCluster;
  let cluster: SlurmCluster;
  let world: World;
  const tasks = new Map<string, string>();

  before(requireRoot);
  before(requireSshd);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(requireCompiler);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    await chmod(folder, 0o755);
    // Before the cluster: its nodes know the accounts that are there when it starts.
    account = await addAccount();
    const images = join(folder, 'images');
    const image = join(images, IMAGE);
    await mkdir(dirname(image), { recursive: true });
    await makeImageWithVariables(image);
    const bare = join(images, 'nvcr.io/lab/bare:1');
    await makeImage(bare, { hasPython: false });
    const shell = join(images, 'nvcr.io/lab/shell:1');
    await cp(bare, shell, { recursive: true, verbatimSymlinks: true });
    await rm(join(shell, 'usr/bin/bash'));
    for (const name of ['data', 'extra', 'scratch']) await mkdir(join(folder, name));
    await chown(join(folder, 'scratch'), account.uid, account.uid);
    await writeFile(join(folder, 'data/set'), '');
    await writeFile(join(folder, 'extra/thing'), '');
    await writeFile(join(folder, 'broken.sqsh'), 'no squashfs');

    const extraLines = await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images });
    whole = await startSlurmCluster({ version: APPTAINER_BESIDE, extraLines });
    cluster = actAs(whole, account.name);
    await whole.run('srun', 'mksquashfs', image, join(folder, 'tool.sqsh'), '-quiet', '-no-progress');

    world = await startWorld({
      cluster,
      owner: account,
      python: standInAgentPython(),
      slurm: `container_mounts: ["${folder}/extra"]`,
    });
    await serve('directives', BY_DIRECTIVES);
    await serve('mount', WITH_MOUNT);
    await serve('homeless', HOMELESS);
    const directives = ['directives', 'mount', 'homeless'];
    world.start('--template-files', ...files(...directives), '--queue', ...directives.map(world.nameOf));
    await serve('documented', BY_SRUN);
    await serve('variables', WITH_VARIABLES);
    await serve('shared', WITH_SHARED_FOLDER);
    const bySrun = ['documented', 'variables', 'shared'];
    const own = ['--srun-delegation', '--state-dir', join(world.folder, 'delegating')];
    world.start(...own, '--template-files', ...files(...bySrun), '--queue', ...bySrun.map(world.nameOf));

    const asked = {
      arguments: `-v ${folder}/extra:/extra:ro -e 'GREETING=${GREETING.replaceAll("'", `'"'"'`)}' --ipc=host --nv`,
      setup_shell_script: 'name=value; export FROM_SCRIPT=$name',
    };
    await enqueue('srun', 'documented', { image: `docker://${IMAGE}`, ...asked });
    await enqueue('directives', 'directives', { image: IMAGE });
    await enqueue('asked', 'mount', { image: IMAGE, ...asked });
    await enqueue('file', 'mount', { image: join(folder, 'tool.sqsh') });
    await enqueue('variables', 'variables', { image: `docker://${IMAGE.replace('/', '#')}` });
    const onTwo = { image: IMAGE, properties: { num_nodes: '2' }, code: SYNCHRONIZE_RANKS + TELLS };
    await enqueue('two nodes', 'shared', onTwo);
    await enqueue('apart', 'documented', onTwo);
    await enqueue('whole script', 'directives', onTwo);
    await enqueue('fails', 'documented', { image: IMAGE, code: 'raise SystemExit(3)' });
    await enqueue('homeless', 'homeless', { image: IMAGE });
    for (const { name, queue, image: wrong } of NOT_TO_BE_HAD)
      await enqueue(name, queue, { image: wrong.replace('{folder}', folder) });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await whole.stop();
    await removeAccount(account);
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(name: string, template: string): Promise<void> {
    await world.write(`${name}.template`, template.replaceAll('{folder}', folder));
    await world.user.makeQueue(name);
  }

  function files(...names: readonly string[]): string[] {
    return names.map((name) => join(world.folder, `${name}.template`));
  }

  interface Wishes {
    readonly image: string;
    readonly arguments?: string;
    readonly setup_shell_script?: string;
    readonly code?: string;
    readonly properties?: Readonly<Record<string, string>>;
  }

  async function enqueue(name: string, queue: string, options: Wishes): Promise<void> {
    const { code = TELLS, properties = {}, ...container } = options;
    const task = await world.user.makeTask({ code, properties, more: { container } });
    await world.user.enqueue(task, await world.user.makeQueue(queue));
    tasks.set(name, task);
  }

  function taskOf(name: string): string {
    return tasks.get(name) ?? '';
  }

  async function untilEnded(name: string, status: string): Promise<string> {
    const task = taskOf(name);
    const ended = await world.until(task, 'the task to end', (seen) => /completed|failed/.test(seen.status));
    const printed = await world.user.console(task);
    expect(ended.status, printed).to.equal(status);
    return ended.status_message;
  }

  async function consoleOfCompleted(name: string): Promise<string> {
    await untilEnded(name, 'completed');
    await world.untilConsole(taskOf(name), 'ended COMPLETED');
    return world.user.console(taskOf(name));
  }

  /** Python's own packages and those of the image, none of `~/.local`. */
  const SEES_IMAGE = 'system packages true';

  it("runs with the srun template of ClearML's documentation", async () => {
    const printed = await consoleOfCompleted('srun');
    expect(printed)
      .to.include('inside True of bash rank 0')
      .and.include(SEES_IMAGE)
      .and.include('as 0 /root locale None');
    expect(printed).to.include('user site 1').and.include(`image docker://${IMAGE} set ${GREETING} value ['thing']`);
  });

  it("runs as root with the #SBATCH template of ClearML's documentation", async () => {
    const printed = await consoleOfCompleted('directives');
    expect(printed)
      .to.include('inside True of bash')
      .and.include(SEES_IMAGE)
      .and.include('as 0 /root locale None None');
    expect(printed).to.include(`image ${IMAGE}`);
  });

  it('has the mount, the environment variable and the setup script that the task requests', async () => {
    const printed = await consoleOfCompleted('asked');
    expect(printed).to.include('data True').and.include(`set ${GREETING} value ['thing']`);
  });

  it('shows in its console that --ipc and --nv are ignored', async () => {
    for (const name of ['asked', 'srun']) {
      await world.untilConsole(taskOf(name), 'The container argument --ipc is ignored');
      await world.untilConsole(taskOf(name), 'The container argument --nv is ignored');
    }
  });

  it('runs in an image from a squashfs file', async () => {
    expect(await consoleOfCompleted('file'))
      .to.include('inside True of bash')
      .and.include('data True');
  });

  it('gets the variables of --container-env from the job, and other variables from the image', async () => {
    expect(await consoleOfCompleted('variables')).to.include('flavour job image');
  });

  it('runs on two nodes, in one container on each node', async () => {
    const printed = await consoleOfCompleted('two nodes');
    expect(printed).to.include('inside True of bash rank 0').and.include('inside True of bash rank 1');
  });

  it('fails with advice if clearml.conf is in the local /tmp of one of two nodes', async () => {
    await untilEnded('apart', 'failed');
    await world.untilConsole(
      taskOf('apart'),
      /the container mounts \/tmp\/clearml-\S+\/clearml\.conf, which does not exist .*set TMPDIR/s,
    );
  });

  it('fails with advice if the template runs the whole job script in containers on two nodes', async () => {
    await untilEnded('whole script', 'failed');
    await world.untilConsole(taskOf('whole script'), /finds no srun.*one node/s);
  });

  it('fails with exit code 3 if its script exits with 3', async () => {
    await untilEnded('fails', 'failed');
    await world.untilConsole(taskOf('fails'), 'ended FAILED (exit code 3)');
  });

  it('fails with advice if the container has no clearml.conf', async () => {
    expect(await untilEnded('homeless', 'failed')).to.include('clearml.conf');
  });

  for (const { name, words } of NOT_TO_BE_HAD) {
    it(`fails with advice if it uses ${name}`, async () => {
      await untilEnded(name, 'failed');
      await world.untilConsole(taskOf(name), words);
      expect(await world.user.console(taskOf(name))).not.to.include('(attempt 2)');
    });
  }

  // Last: it expects that doctor finds problems.
  it('runs in a container that doctor --on-node also starts and checks', async () => {
    const ask = async (name: string, template: string, image: string): Promise<DoctorReport> => {
      const file = await world.write(name, template.replace('container.image}', `container.image${image}}`));
      const words = ['--on-node', '--template-files', file, '--queue', world.nameOf('directives')];
      return readReport(await world.run('doctor', '--json', ...words));
    };

    const [well, missing, bare, homeless, ofTask] = await Promise.all([
      ask('well', BY_DIRECTIVES, `:${IMAGE}`),
      ask('missing', BY_DIRECTIVES, ':nvcr.io/lab/missing:1'),
      ask('bare', BY_SRUN, ':nvcr.io/lab/bare:1'),
      ask('homeless', HOMELESS, `:${IMAGE}`),
      ask('of task', BY_DIRECTIVES, ''),
    ]);

    expect(well.row('container')).to.include({ result: 'ok', says: `${IMAGE} starts` });
    expect(well.row('container-python').says).to.match(/^Python 3\.\d+\.\d+, with clearml-agent$/);
    expect(well.row('container-configuration')).to.include({ result: 'ok', says: '~/clearml.conf' });
    const { noContainer, noPythonInside, noConfigurationInside } = NODE_PROBLEMS;
    for (const [report, problem] of [
      [missing, noContainer],
      [bare, noPythonInside],
      [homeless, noConfigurationInside],
    ] as const) {
      const { result, says } = report.row(problem.check);
      expect(result, says).to.equal('failed');
      expect(says, says).to.match(problem.says);
    }
    expect(ofTask.row('container')).to.include({ result: 'skipped' });
  });
});
