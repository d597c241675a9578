// The table of fields of the template variables: type, example, and whether a task can lack the field.

export interface Field {
  /** Capitals stand for any name: `CLEARML_TASK.hyperparams.SECTION.NAME.value`. */
  readonly name: string;
  readonly type: 'text' | 'number' | 'list' | 'time' | 'any';
  readonly example: string;
  readonly mayLack: boolean;
  readonly meaning: string;
}

const ID = '3f2a9c0d4b1e4f5a8c7d6e5f4a3b2c1d';
const TIME = '2026-01-31T09:26:53.000Z';

function always(name: string, example: string, meaning: string, type: Field['type'] = 'text'): Field {
  return { name, type, example, mayLack: false, meaning };
}

function sometimes(name: string, example: string, meaning: string, type: Field['type'] = 'text'): Field {
  return { name, type, example, mayLack: true, meaning };
}

/** In the order of `vars`. Source: the task and user documents of the server (API 2.x, tasks.conf and users.conf). */
export const VARIABLE_FIELDS: readonly Field[] = [
  always('CLEARML_QUEUE_NAME', 'gpu', 'name of the queue from which the task was claimed'),
  always('CLEARML_QUEUE_ID', ID, 'id of the queue from which the task was claimed'),
  always('CLEARML_WORKER_ID', 'login1:slurm', 'name of the daemon in the list of workers'),
  sometimes('CLEARML_PROJECT_NAME', 'vision/detection', "name of the task's project"),
  sometimes('CLEARML_PROJECT_ID', ID, "id of the task's project"),
  sometimes('CLEARML_TASK.hyperparams.properties.NAME.value', '2', 'user property NAME of the task'),
  sometimes('CLEARML_TASK.hyperparams.NAME.value', '2', 'short form of user property NAME of the task'),
  sometimes('CLEARML_TASK.hyperparams.SECTION.NAME.value', '0.1', 'hyperparameter, such as Args.lr'),
  sometimes('CLEARML_TASK.configuration.NAME.value', 'a: 1', 'configuration object'),
  sometimes('CLEARML_TASK.container.image', 'docker://python:3.12', 'container image of the task'),
  sometimes('CLEARML_TASK.container.arguments', '--bind /data', 'container arguments, split into words'),
  sometimes('CLEARML_TASK.container.setup_shell_script', 'apt-get update', 'set-up script of the container'),
  always('CLEARML_TASK.id', ID, 'id of the task'),
  always('CLEARML_TASK.name', 'train resnet', 'name of the task'),
  always('CLEARML_TASK.type', 'training', 'type of the task'),
  always('CLEARML_TASK.status', 'queued', 'status of the task'),
  always('CLEARML_TASK.user', ID, 'id of the user who owns the task'),
  always('CLEARML_TASK.company', ID, 'id of the workspace'),
  sometimes('CLEARML_TASK.project', ID, "id of the task's project"),
  sometimes('CLEARML_TASK.project.id', ID, "id of the task's project, as in CLEARML_TASK.project"),
  sometimes('CLEARML_TASK.project.name', 'vision/detection', "name of the task's project"),
  sometimes('CLEARML_TASK.parent', ID, 'id of the task from which this task was cloned'),
  sometimes('CLEARML_TASK.comment', 'second try', 'description of the task'),
  always('CLEARML_TASK.tags', 'best,v2', 'tags, joined by commas', 'list'),
  always('CLEARML_TASK.system_tags', 'pinned', 'system tags, joined by commas', 'list'),
  always('CLEARML_TASK.created', TIME, 'creation time', 'time'),
  sometimes('CLEARML_TASK.status_changed', TIME, 'time of the last status change', 'time'),
  sometimes('CLEARML_TASK.status_message', 'reset', 'message of the last status change'),
  sometimes('CLEARML_TASK.status_reason', 'reset', 'reason of the last status change'),
  sometimes('CLEARML_TASK.last_iteration', '120', 'last iteration of an earlier run', 'number'),
  sometimes('CLEARML_TASK.last_worker', 'gpu07:0', 'worker of the last run'),
  sometimes('CLEARML_TASK.script.repository', 'https://git.example.org/lab/train.git', 'repository'),
  sometimes('CLEARML_TASK.script.branch', 'main', 'branch'),
  sometimes('CLEARML_TASK.script.tag', 'v1.2', 'tag'),
  sometimes('CLEARML_TASK.script.version_num', '9fceb02d0ae598e95dc970b74767f19372d61af8', 'commit'),
  sometimes('CLEARML_TASK.script.entry_point', 'train.py', 'script to run'),
  sometimes('CLEARML_TASK.script.working_dir', '.', 'working directory within the repository'),
  sometimes('CLEARML_TASK.script.binary', 'python3.11', 'Python interpreter of the task'),
  sometimes('CLEARML_TASK.execution.queue', ID, 'id of the queue of the task'),
  sometimes('CLEARML_TASK.output.destination', 's3://bucket/models', 'where the task stores its models'),
  sometimes('CLEARML_TASK.runtime.NAME', '1', 'runtime property of an earlier run', 'any'),
  always('CLEARML_USER.id', ID, 'id of the user who owns the task'),
  always('CLEARML_USER.name', 'Ada Lovelace', 'name of the user who owns the task'),
  sometimes('CLEARML_USER.given_name', 'Ada', 'given name of the user who owns the task'),
  sometimes('CLEARML_USER.family_name', 'Lovelace', 'family name of the user who owns the task'),
  sometimes('CLEARML_USER.company', ID, 'id of the workspace'),
  sometimes('CLEARML_CONFIG.NAME', 'nvidia/cuda:12.4.1-runtime', "setting of the daemon's clearml.conf", 'any'),
];

/** Other fields of the documents, which are of no use in a template. */
const OTHER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  CLEARML_TASK: [
    ...['active_duration', 'completed', 'configuration', 'container', 'enqueue_status', 'execution', 'hyperparams'],
    ...['last_change', 'last_changed_by', 'last_metrics', 'last_update', 'last_worker_report', 'models', 'output'],
    ...['published', 'report', 'report_assets', 'runtime', 'script', 'started', 'unique_metrics'],
  ],
  'CLEARML_TASK.script': ['diff', 'requirements'],
  'CLEARML_TASK.execution': ['artifacts', 'framework', 'model', 'model_desc', 'model_labels', 'parameters'],
  'CLEARML_TASK.output': ['error', 'model', 'result', 'view'],
  CLEARML_USER: ['avatar', 'bio', 'created', 'email', 'preferences', 'providers', 'role', 'sec_groups'],
};

/** Groups whose fields are all known: any other name in them is an error. */
const CLOSED = [
  'CLEARML_TASK',
  'CLEARML_TASK.container',
  'CLEARML_TASK.script',
  'CLEARML_TASK.execution',
  'CLEARML_TASK.output',
  'CLEARML_TASK.project',
  'CLEARML_USER',
];

/** The fields of such a group; undefined for a group with any names. */
export function knownFields(group: string): readonly string[] | undefined {
  if (!CLOSED.includes(group)) return undefined;
  const named = VARIABLE_FIELDS.map(({ name }) => name)
    .filter((name) => name.startsWith(`${group}.`))
    .map((name) => name.slice(group.length + 1).split('.')[0] ?? '');
  return [...new Set([...named, ...(OTHER_FIELDS[group] ?? [])])];
}

/** Whether a task can lack the variable, which is also true of one that is not in the table. */
export function mayLack(variable: string): boolean {
  return VARIABLE_FIELDS.find(({ name }) => name === variable)?.mayLack ?? true;
}
