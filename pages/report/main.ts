// The report's page: puts head, bar, list and dialogs together.

import { byId, element } from '../shared/dom.js';
import { listenForShortcuts, type Shortcut, shortcutsDialog } from '../shared/shortcuts.js';
import { VirtualList } from '../shared/virtual_list.js';
import { shownGroups, shownPairs } from './filter.js';
import { groupItem } from './group_item.js';
import { PairDialog } from './pair_dialog.js';
import { pairItem } from './pair_item.js';
import { preparePrinting } from './print.js';
import { type Face, type Group, type Pair, readReport } from './report.js';
import { provenance, summary } from './summary.js';
import { Toolbar } from './toolbar.js';

/** More faces of a group are shown when asked for: a group may be thousands of photos. */
const facesShown = 48;

const report = readReport();
const { threshold } = report.data.facts;
let pairs: readonly Pair[] = report.pairs;
let groups: readonly Group[] = report.groups;
const openedGroups = new Set<Group>();

const at = <Item>(items: readonly Item[], index: number) => items[index] as Item;

const pairList = new VirtualList({
  label: 'Pairs',
  render: (index) => pairItem(report, at(pairs, index)),
  estimate: () => (window.innerWidth < 640 ? 330 : 164),
  columns: (width) => (width >= 1020 ? 2 : 1),
  onOpen: (index) => dialog.open(pairs, index),
  covered: () => toolbar.element.offsetHeight,
});

const groupList = new VirtualList({
  label: 'Groups',
  render: (index) => groupView(at(groups, index), () => groupList.refresh()),
  estimate: (index) => 110 + 150 * Math.ceil(Math.min(at(groups, index).faces.length, facesShown) / 8),
  onOpen: (index) => dialog.open(at(groups, index).pairs, 0),
  covered: () => toolbar.element.offsetHeight,
});

function groupView(group: Group, onMore: () => void): HTMLElement {
  return groupItem(report, group, {
    most: openedGroups.has(group) ? Number.POSITIVE_INFINITY : facesShown,
    onOpen: ({ photo }: Face) => {
      const closest = group.pairs.findIndex(
        ({ first, second }) => first.photo === photo || second.photo === photo,
      );
      dialog.open(group.pairs, closest);
    },
    onMore: () => {
      openedGroups.add(group);
      onMore();
    },
  });
}

const dialog = new PairDialog(report, (pair) => {
  if (toolbar.view === 'groups') return;
  const index = pairs.indexOf(pair);
  if (index >= 0) pairList.activate(index);
});

const currentList = () => (toolbar.view === 'pairs' ? pairList : groupList);

const print = preparePrinting(() =>
  toolbar.view === 'pairs'
    ? { total: pairs.length, unit: 'pairs', item: (index) => pairItem(report, at(pairs, index)) }
    : {
        total: groups.length,
        unit: 'groups',
        item: (index) => groupView(at(groups, index), () => undefined),
      },
);

const toolbar: Toolbar = new Toolbar({
  counts: { pairs: report.pairs.length, groups: report.groups.length },
  threshold,
  tellsNew: report.tellsNew,
  onChange: () => show(),
  onEnterList: () => currentList().activate(0),
  onPrint: print,
  onHelp: () => help.showModal(),
});

const nothing = element('p', { class: 'nothing soft' });

function show(): void {
  const { view, filter } = toolbar;
  pairs = shownPairs(report.pairs, filter);
  groups = shownGroups(report.groups, filter);
  const count = view === 'pairs' ? pairs.length : groups.length;
  pairList.element.hidden = view !== 'pairs';
  groupList.element.hidden = view !== 'groups';
  currentList().show(count);
  toolbar.say(count);
  nothing.hidden = count > 0;
  nothing.textContent =
    report.pairs.length === 0
      ? `No two faces are closer than ${threshold}.`
      : 'Nothing matches the search and the filters.';
}

const isFree = () => !dialog.isOpen && !help.open;
const inDialog = () => dialog.isOpen;
const shortcuts: readonly Shortcut[] = [
  { keys: ['j'], words: 'next', run: () => currentList().move(1), isActive: isFree },
  { keys: ['k'], words: 'previous', run: () => currentList().move(-1), isActive: isFree },
  { keys: ['Enter'], words: 'open: whole photos, face boxes', run: () => undefined, isActive: () => false },
  { keys: ['j', 'ArrowRight', 'ArrowDown'], run: () => dialog.move(1), isActive: inDialog },
  { keys: ['k', 'ArrowLeft', 'ArrowUp'], run: () => dialog.move(-1), isActive: inDialog },
  { keys: ['Escape'], words: 'close', run: () => undefined, isActive: () => false },
  { keys: ['/'], words: 'search', run: () => toolbar.focusSearch(), isActive: isFree },
  { keys: ['p'], words: 'pairs', run: () => toolbar.setView('pairs'), isActive: isFree },
  { keys: ['g'], words: 'groups', run: () => toolbar.setView('groups'), isActive: isFree },
  { keys: ['x'], words: 'clear search and filters', run: () => toolbar.reset(), isActive: isFree },
  { keys: ['?'], words: 'these keys', run: () => help.showModal(), isActive: isFree },
];
const help = shortcutsDialog(shortcuts);

byId('masthead').append(provenance(report));
byId('main').replaceChildren(
  summary(report),
  toolbar.element,
  element(
    'section',
    {
      class: 'page results not-printed',
      attributes: { id: 'results', 'aria-label': 'Results', tabindex: '-1' },
    },
    pairList.element,
    groupList.element,
    nothing,
  ),
);
document.body.append(dialog.element, help);
listenForShortcuts(shortcuts);
show();
