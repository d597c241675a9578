// Queues typed on the command line, where the file has a group of queues: those of the group that were named. Pure.
import { emptyTree, nodeAt, overlay, treeWith, type ConfigTree } from './config-node.ts';

const QUEUES = ['agent', 'slurm', 'queues'];

/** What was typed laid over what is written: a list of names chooses from a group, in its own order, and replaces a list. */
export function withChosenQueues(written: ConfigTree, typed: ConfigTree): ConfigTree {
  const both = overlay(written, typed);
  const group = nodeAt(written, QUEUES);
  const chosen = nodeAt(typed, QUEUES);
  if (group?.kind !== 'tree' || chosen?.kind !== 'list') return both;
  const fields = chosen.items.map((item): [string, ConfigTree] => {
    const name = item.kind === 'leaf' ? String(item.value) : '';
    const settings = group.fields.get(name);
    return [name, settings?.kind === 'tree' ? settings : emptyTree(item.origin)];
  });
  // Not by `overlay`, which would leave the others in.
  return overlay(
    overlay(both, treeWith(QUEUES, chosen)),
    treeWith(QUEUES, { ...chosen, kind: 'tree', fields: new Map(fields) }),
  );
}
