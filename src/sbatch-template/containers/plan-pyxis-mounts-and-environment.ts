// Decides the Pyxis container of one task: the mounts to add to the template, and the values for the job script.
import { displayValue } from '../placeholders/display-value.ts';
import type { AgentLocation, Template, Variables, PyxisAdditions, PyxisSpec } from '../template.ts';
import {
  checkImageName,
  errorAt,
  parseAllArguments,
  parseTaskContainer,
  setUpScriptOf,
  type ContainerSettings,
} from './task-container.ts';
import { PLAIN_FOR_PYXIS } from './check-restricted-option.ts';
import type { ContainerVariable } from './parse-container-arguments.ts';

/** The values for the job script about its Pyxis container. */
export interface PyxisFacts {
  /** Whether the whole script runs inside, or only what srun starts. */
  readonly isWhole: boolean;
  /** Whether what srun starts inside sees the private directory of the job, and so the node's clearml-agent if the job copies it there. */
  readonly seesJobFolder: boolean;
  /** As the task or the template names it. */
  readonly imageName: string;
  readonly environment: readonly ContainerVariable[];
  /** Commands to run inside, before the agent; may be empty. */
  readonly setUp: string;
}

export interface PyxisPlan {
  readonly facts: PyxisFacts;
  readonly additions: PyxisAdditions;
  /** Messages for the task's console. */
  readonly notes: readonly string[];
}

/**
 * Pure.
 * @param settings undefined: no settings for containers, and a task may mount nothing
 * @returns undefined if the template does not use Pyxis
 * @throws TemplateError if an argument of the task cannot be used
 */
export function planPyxis(
  template: Pick<Template, 'agent' | 'pyxis'>,
  variables: Variables,
  settings: ContainerSettings | undefined,
  sharedDir: string | undefined,
): PyxisPlan | undefined {
  const { agent: place, pyxis } = template;
  if (pyxis === undefined) return undefined;
  const { spec: form } = pyxis;
  const task = parseTaskContainer(variables.task);
  const all = parseAllArguments(place, task, settings);

  const imageName = pyxis.imageName(variables) ?? '';
  checkImageName(place, imageName);
  const mounts = all.flatMap((one) => one.mounts);
  for (const mount of mounts) checkMount(place, mount);
  const isOutOfReach = form.insertionPoints.length === 0;
  const shared = seesShared(form, sharedDir);
  return {
    facts: {
      isWhole: form.kind === 'script',
      seesJobFolder: form.kind === 'step' && form.namesJobFolder,
      imageName,
      environment: all.flatMap(({ environment }) => environment),
      setUp: setUpScriptOf(place, task, settings),
    },
    additions: {
      mounts: [...shared.mounts, ...mounts],
      mountsHome: form.kind === 'script' && sharedDir === undefined && !form.setsHome,
    },
    notes: [
      ...all.flatMap(({ ignored }) => ignored),
      ...all
        .flatMap(({ passed }) => passed)
        .map((name) => `The container argument ${name} is ignored: Pyxis has no such option.`),
      ...(isOutOfReach ? mounts.map((mount) => `The mount ${mount} is ignored: ${OUT_OF_REACH}.`) : []),
      ...shared.notes,
    ],
  };
}

const OUT_OF_REACH = 'the template has --container-image in a variable or an array, not in the srun command';

/** The job reads its clearml.conf there. For what srun starts, the template mounts the private directory of the job. */
function seesShared(form: PyxisSpec, sharedDir: string | undefined): { mounts: string[]; notes: string[] } {
  const folder = sharedDir?.replace(/\/+$/, '');
  if (form.kind === 'step' || folder === undefined || isMounted(form.mounts, folder)) return { mounts: [], notes: [] };
  const mount = `${folder}:${folder}`;
  if (isPlainForMount(mount)) return { mounts: [mount], notes: [] };
  return { mounts: [], notes: [`The container does not see agent.slurm.shared_dir: Pyxis cannot mount ${folder}.`] };
}

/** Whether one of the mounts has this directory, or one above it, at the same path. */
function isMounted(mounts: string, folder: string): boolean {
  return mounts.split(',').some((mount) => {
    const [source = '', destination = source] = mount.split(':');
    const plain = source.replace(/\/+$/, '');
    return plain === destination.replace(/\/+$/, '') && `${folder}/`.startsWith(`${plain}/`) && source.startsWith('/');
  });
}

/** A comma separates mounts. */
function isPlainForMount(mount: string): boolean {
  return PLAIN_FOR_PYXIS.test(mount) && !mount.includes(',');
}

function checkMount(place: AgentLocation, mount: string): void {
  if (isPlainForMount(mount)) return;
  throw errorAt(
    place,
    `the mount ${displayValue(mount)} has a character that Pyxis could read as code: use letters, digits and ./:@#%+=~-`,
  );
}
