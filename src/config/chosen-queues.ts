// Combines `--queue` with a group of queues in a file: the option selects queues from the group. Pure.
import { emptyTree, nodeAt, overlay, treeWith, type ConfigTree } from './config-node.ts';

const QUEUES = ['agent', 'slurm', 'queues'];

/** Overlays options on settings. A list of names selects from a group, in the order of the list, and replaces a list. */
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
  // `overlay` would keep the other queues.
  return overlay(
    overlay(both, treeWith(QUEUES, chosen)),
    treeWith(QUEUES, { ...chosen, kind: 'tree', fields: new Map(fields) }),
  );
}
