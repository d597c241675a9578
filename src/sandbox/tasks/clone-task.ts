// Clones a task: a new draft with script, container, configuration and parameters, without results.
import * as z from 'zod';
import { oneTask, type Fields } from '../requests/endpoint.ts';
import { anything, texts, type TaskDocument } from '../store/documents.ts';
import { leaveOut } from '../requests/list-documents.ts';
import { findOrCreateProject } from '../services/projects.ts';
import { findTask } from './status-change.ts';
import type { Store } from '../store/store.ts';
import { createTask, taskFields, type TaskFields } from './create-task.ts';

export const cloneRequest = z.object({
  ...oneTask.shape,
  new_task_name: z.string().optional(),
  new_task_comment: z.string().optional(),
  new_task_tags: texts.optional(),
  new_task_system_tags: texts.optional(),
  new_task_parent: z.string().optional(),
  new_task_project: z.string().optional(),
  new_project_name: z.string().optional(),
  new_task_hyperparams: taskFields.shape.hyperparams,
  new_task_configuration: taskFields.shape.configuration,
  new_task_container: taskFields.shape.container,
  execution_overrides: anything.default({}),
});

/** Tags about the history of the source. */
const NOT_CLONED_TAGS = ['development', 'archived'];

/** @throws ApiError 400/101, 400/401, 400/800 */
export function cloneTask(
  store: Store,
  nowAt: number,
  request: z.infer<typeof cloneRequest>,
  caller: { readonly user: string; readonly company: string },
): Fields {
  const source = findTask(store, request.task);
  const newProject =
    request.new_task_project === undefined && request.new_project_name !== undefined
      ? findOrCreateProject(store, nowAt, request.new_project_name, caller)
      : undefined;
  const comment = request.new_task_comment ?? source.comment;
  const project = newProject?.id ?? request.new_task_project ?? source.project;
  const { id } = createTask(
    store,
    nowAt,
    {
      ...(comment === undefined ? {} : { comment }),
      ...(project === undefined ? {} : { project }),
      name: request.new_task_name ?? source.name,
      type: source.type,
      parent: request.new_task_parent ?? parentOf(source),
      tags: request.new_task_tags ?? source.tags,
      system_tags: request.new_task_system_tags ?? source.system_tags.filter((tag) => !NOT_CLONED_TAGS.includes(tag)),
      script: source.script,
      container: request.new_task_container ?? source.container,
      configuration: request.new_task_configuration ?? source.configuration,
      hyperparams: request.new_task_hyperparams ?? source.hyperparams,
      execution: { ...executionOf(source), ...request.execution_overrides },
    },
    caller,
  );
  return { id, ...(newProject === undefined ? {} : { new_project: { id: newProject.id, name: newProject.name } }) };
}

function parentOf(source: TaskDocument): string {
  const { parent } = source;
  return parent === undefined || parent === '' || parent.startsWith('__DELETED__') ? source.id : parent;
}

/** Without its queue and its results. */
function executionOf({ execution }: TaskDocument): NonNullable<TaskFields['execution']> {
  return {
    ...leaveOut(execution, ['queue']),
    artifacts: execution.artifacts?.filter(({ mode }) => mode === 'input') ?? [],
  };
}
