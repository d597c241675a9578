// Chooses the container that `doctor --on-node` starts: of the first template that has one and names its image.
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { ProbeContainer } from './node-script.ts';
import { known, unavailable, unchecked, type Fact } from './check-result.ts';
import { expectsImage, findRuntime } from '../sbatch-template/containers/plan-singularity-image-and-options.ts';
import type { ContainerSettings } from '../sbatch-template/containers/task-container.ts';
import { parseImage } from '../sbatch-template/containers/parse-singularity-image.ts';
import { planPyxis } from '../sbatch-template/containers/plan-pyxis-mounts-and-environment.ts';
import { toPyxisImage } from '../sbatch-template/containers/write-pyxis-image.ts';
import { TemplateError } from '../sbatch-template/errors.ts';
import { parseTemplate } from '../sbatch-template/parse-template.ts';
import type { Template, Variables } from '../sbatch-template/template.ts';

export interface ProbedTemplate {
  readonly file: string;
  readonly text: string;
}

/** Without a task only the defaults of a template are known. */
const NO_TASK: Variables = { queueName: '', queueId: '', workerId: '', task: {}, project: {}, user: {}, config: {} };

/**
 * @param settings of containers; `isOurs`: with --singularity-mode
 * @returns unchecked if no template uses a container, or none names an image without a task
 */
export function chooseContainer(
  templates: readonly ProbedTemplate[],
  { sharedDir }: Pick<ClusterSettings, 'sharedDir'>,
  settings: ContainerSettings & { readonly isOurs: boolean },
): Fact<ProbeContainer> {
  const found = templates.flatMap(({ file, text }) => {
    try {
      return [find(parseTemplate(text, file), sharedDir, settings) ?? []].flat();
    } catch (error) {
      // Another check reports invalid templates.
      if (error instanceof TemplateError) return [];
      throw error;
    }
  });
  return found.find(({ kind }) => kind !== 'unchecked') ?? found[0] ?? unchecked('no template uses a container');
}

function find(
  template: Template,
  sharedDir: string | undefined,
  settings: ContainerSettings & { readonly isOurs: boolean },
): Fact<ProbeContainer> | undefined {
  if (settings.isOurs && expectsImage(template.agent.command)) return ofSingularity(template, sharedDir, settings);
  return template.pyxis === undefined ? undefined : ofPyxis(template, sharedDir);
}

function ofSingularity(
  { file, agent }: Template,
  sharedDir: string | undefined,
  { image }: ContainerSettings,
): Fact<ProbeContainer> {
  if (image === undefined)
    return unchecked(`${file} uses the image of the task, and agent.default_docker.image is not set`);
  const read = parseImage(image);
  if ('refusal' in read) return unavailable(`agent.default_docker.image: ${read.refusal}`);
  const bind = sharedDir === undefined ? [] : ['--bind', sharedDir];
  return known({
    image,
    command: [findRuntime(agent.command), '--silent', 'exec', ...bind, read.image],
    showsConfiguration: true,
    borrowsAgent: true,
  });
}

function ofPyxis(template: Template, sharedDir: string | undefined): Fact<ProbeContainer> {
  const { file, pyxis } = template;
  const image = nameOf(template);
  if (pyxis === undefined || image === undefined)
    return unchecked(`${file} uses the image of the task and has no default`);
  const { additions, facts } = planPyxis(template, NO_TASK, undefined, sharedDir) ?? {};
  const { mounts = [], mountsHome = false } = additions ?? {};
  const command = [
    ...['srun', '--ntasks=1', `--container-image=${toPyxisImage(image)}`],
    ...(mounts.length === 0 ? [] : [`--container-mounts=${mounts.join(',')}`]),
    ...(mountsHome || pyxis.spec.mountsHome ? ['--container-mount-home'] : []),
  ];
  const showsConfiguration = pyxis.spec.kind === 'script';
  return known({ image, command, showsConfiguration, borrowsAgent: facts?.seesJobFolder === true });
}

function nameOf({ pyxis }: Template): string | undefined {
  try {
    return pyxis?.imageName(NO_TASK);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
