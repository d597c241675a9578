// Puts the user properties of templates onto a task, so that they are there to be edited in the web page.
import * as z from 'zod';
import type { TemplateProperty } from '../template/inspect-template.ts';
import type { Typed } from './command.ts';
import type { Configured } from '../assembly/read-config.ts';
import { readNamedTask, withServer } from './with-server.ts';

const Hyperparams = z
  .looseObject({ properties: z.record(z.string(), z.unknown()).default({}) })
  .prefault({})
  .catch({ properties: {} });

/**
 * Sets those with a default that the task does not have. One that is there is never touched, whatever its value.
 * @returns a sentence for each
 * @throws UsageError when there is no such task, and what the client throws
 */
export async function setMissingProperties(
  typed: Typed,
  here: Configured,
  id: string,
  properties: readonly TemplateProperty[],
): Promise<string> {
  return withServer(typed, here, async (there) => {
    const read = await readNamedTask(there, id, 'properties');
    const { missing, sentences } = compare(Hyperparams.parse(read.document['hyperparams']).properties, properties);
    await there.clearml.tasks.setProperties(read.task.id, missing);
    return [...new Set(sentences)].join('');
  });
}

function compare(
  there: Readonly<Record<string, unknown>>,
  properties: readonly TemplateProperty[],
): { missing: Record<string, string>; sentences: string[] } {
  const missing: Record<string, string> = {};
  const sentences: string[] = [];
  for (const { name, fallback } of properties) {
    if (Object.hasOwn(there, name)) sentences.push(`${name}: is there, and stays as it is\n`);
    else if (Object.hasOwn(missing, name)) continue;
    else if (fallback === undefined) sentences.push(`${name}: has no default, so set it yourself\n`);
    else {
      missing[name] = fallback;
      sentences.push(`${name}: set to ${JSON.stringify(fallback)}\n`);
    }
  }
  return { missing, sentences };
}
