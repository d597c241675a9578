// Measures rendering a task as the daemon does, compared with one Mustache render of the same values in the same text.
import { readFileSync, readdirSync } from 'node:fs';
import Mustache from 'mustache';
import { quoteWord } from '../../../src/base/shell-word.ts';
import { jobBlocks } from '../../../src/daemon/submit/render-job-script.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import { blockView } from '../../../src/sbatch-template/job-script/render-blocks.ts';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import type { Template, Variables } from '../../../src/sbatch-template/template.ts';
import type { Figure } from '../figure.ts';
import { median, middleHalf, ratios } from '../samples.ts';
import { TYPICAL_TASK, TYPICAL_TEMPLATE } from '../typical-task.ts';

const ROUNDS = 200;
const WARM_UP = 50;
const IDENTITY = {
  taskId: TYPICAL_TASK.id,
  jobName: formatJobName(TYPICAL_TASK.id, 'lq2x0a9c7f3k'),
  queueId: 'f'.repeat(32),
  schedulerQueueId: 'e'.repeat(32),
  workerPrefix: 'login1:slurm',
};
const JOB = {
  sharedDir: undefined,
  jobConf: '',
  python: '/opt/clearml/bin/python',
  agentVersion: '3.0.3',
  apiServer: 'https://api.example.org',
  publicConfig: {},
};

/** Three blocks and the template, with each value quoted for its context. */
export const rendering: Figure = {
  name: 'rendering',
  measure() {
    const template = parseTemplate(TYPICAL_TEMPLATE, 'typical.template');
    const byMustache = createMustacheRendering();

    const ours: number[] = [];
    const mustache: number[] = [];
    const parsing: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const times = [
        time(() => render(template)),
        time(byMustache),
        time(() => parseTemplate(TYPICAL_TEMPLATE, 'typical.template')),
      ] as const;
      if (round < WARM_UP) continue;
      ours.push(times[0]);
      mustache.push(times[1]);
      parsing.push(times[2]);
    }
    return Promise.resolve([
      {
        what: 'a task rendered',
        value: median(ours),
        unit: 'ms',
        anchor: { what: 'Mustache', value: median(mustache) },
        spread: middleHalf(ratios(ours, mustache)),
        target: { atMost: 3 },
      },
      { what: 'template read and checked', value: TYPICAL_TEMPLATE.length / 1000 / median(parsing), unit: 'MB/s' },
    ]);
  },
};

export function render(template: Template): string {
  const variables: Variables = {
    queueName: 'gpu',
    queueId: IDENTITY.queueId,
    workerId: IDENTITY.workerPrefix,
    task: TYPICAL_TASK,
    project: { name: 'vision' },
    user: {},
    config: JOB.publicConfig,
  };
  return template.render(variables, jobBlocks(JOB, IDENTITY)).script;
}

/** The user's template with Mustache's tags for its blanks, and with the templates of the blocks as partials: all of them already read. */
export function createMustacheRendering(): () => string {
  const partials = { ...readMustacheFiles(''), ...readMustacheFiles('partials/') };
  const { properties } = TYPICAL_TASK.hyperparams;
  const values = new Map<string, string | undefined>([
    ['CLEARML_TASK.id', TYPICAL_TASK.id],
    ['CLEARML_TASK.name', TYPICAL_TASK.name],
    ['CLEARML_PROJECT_NAME', 'vision'],
    ['CLEARML_QUEUE_NAME', 'gpu'],
    ...Object.entries(properties).map(
      ([name, { value }]) => [`CLEARML_TASK.hyperparams.properties.${name}.value`, value] as const,
    ),
  ]);
  const { apiServer, python, agentVersion } = JOB;
  const view = blockView({ ...IDENTITY, apiServer, python, agentVersion });
  const text = TYPICAL_TEMPLATE.replace(
    /\$\{(CLEARML_(?:TASK|PROJECT_NAME|QUEUE_NAME)[^}:]*)(?::[^}]*)?\}/g,
    (_, name: string) => {
      const tag = name.replace(/\W/g, '_');
      view[tag] = values.get(name);
      return `{{{${tag}}}}`;
    },
  )
    .replace('${CLEARML_PRE_SETUP}', '{{> pre-setup.sh}}')
    .replace('${CLEARML_AGENT_EXECUTE}', '{{> agent-execute.sh}}')
    .replace('${CLEARML_POST_SETUP}', '{{> post-setup.sh}}');
  return () => Mustache.render(text, view, partials, { escape: (value) => quoteWord(String(value)) });
}

function readMustacheFiles(folder: string): Record<string, string> {
  const files = readdirSync(`templates/${folder}`).filter((name) => name.endsWith('.mustache'));
  return Object.fromEntries(
    files.map((name) => [name.replace(/\.mustache$/, ''), readFileSync(`templates/${folder}${name}`, 'utf8')]),
  );
}

/** Until the text is in one piece: Mustache gives a chain of pieces, which the next reader would put together. */
function time(work: () => unknown): number {
  const began = performance.now();
  const made = work();
  if (typeof made === 'string') Buffer.byteLength(made);
  return performance.now() - began;
}
