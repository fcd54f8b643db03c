/**
 * A list of any length with the keyboard in it: only the rows that are seen are drawn. Arrow keys, Page Up and Down,
 * Home and End move; Enter opens; Space selects.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';
import { CheckMark } from './fields.tsx';

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  /** A grid track: "120px", "minmax(160px, 1fr)". */
  readonly width: string;
  readonly isNumeric?: boolean;
  readonly isSortable?: boolean;
  /** Left out where the table is narrower than so many pixels. */
  readonly fromWidth?: number;
  /** Left out where the table is as wide as this or wider: for what stands in for others where there is no room. */
  readonly untilWidth?: number;
  readonly cell: (row: Row) => ReactNode;
}

export interface Sort {
  readonly column: string;
  readonly direction: 'ascending' | 'descending';
}

export interface DataTableProps<Row> {
  /** What is listed. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** In the order in which they are shown: sorting is the page's. */
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  /** The row that is open in the drawer. */
  readonly openKey?: string | null;
  readonly onOpen?: (row: Row) => void;
  /**
   * What a row shows over all columns instead of its cells: the heading of a group. Undefined where the row is like
   * the others. Must be the same function at every render that shows the same.
   */
  readonly spanning?: (row: Row) => ReactNode | undefined;
  /** Told which row the keyboard is at. */
  readonly onActiveChange?: (key: string) => void;
  /** What else can be done with a row, by key: `m`, the menu key, Shift and F10. */
  readonly onRowMenu?: (row: Row, place: DOMRect) => void;
  readonly selection?: ReadonlySet<string>;
  readonly onSelectionChange?: (selection: ReadonlySet<string>) => void;
  /** Shown where there are no rows. */
  readonly empty?: ReactNode;
  /** Told when the last rows come into sight: to load more. */
  readonly onEnd?: () => void;
  /** Told whether the list is away from its top: for lists that must not move while they are read. */
  readonly onScrolledChange?: (isScrolled: boolean) => void;
  /** A fixed height in rows, for a table within a page; else it fills what it is in. */
  readonly visibleRows?: number;
}

const ROW_HEIGHT = 32;
const OVERSCAN = 12;
/** So many rows before the end, more are asked for. */
const END_MARGIN = 20;
/** What in a row is pressed for itself. A press beside the small box to select is meant for it, too. */
const OWN_PRESS = 'a, button, input, [data-own-press]';
const SELECT_TRACK = '36px';

export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  openKey = null,
  onOpen,
  spanning,
  onActiveChange,
  onRowMenu,
  selection,
  onSelectionChange,
  empty,
  onEnd,
  onScrolledChange,
  visibleRows,
}: DataTableProps<Row>) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [activeKey, setActive] = useState<string | null>(null);
  const [hasFocus, setFocus] = useState(false);
  const [isFocusShown, setFocusShown] = useState(false);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    // The header lies over the first row's place.
    scrollPaddingStart: ROW_HEIGHT,
    // Rows that come a moment later are better than a scroll that waits for them.
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();

  // The virtualizer's own number: reading the element's would lay the page out a second time in every frame.
  const isScrolled = (virtualizer.scrollOffset ?? 0) > 0;
  const wasScrolled = useRef(false);
  useEffect(() => {
    if (isScrolled === wasScrolled.current) return;
    wasScrolled.current = isScrolled;
    onScrolledChange?.(isScrolled);
  }, [isScrolled, onScrolledChange]);

  const firstSeen = items[0]?.index ?? 0;
  const lastSeen = items.length === 0 ? -1 : items[items.length - 1].index;
  const isNearEnd = rows.length > 0 && lastSeen >= rows.length - END_MARGIN;
  const rowCount = rows.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time that the end comes into sight
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, rowCount]);

  const seen = useMemo(
    () =>
      columns.filter(({ fromWidth = 0, untilWidth = Number.POSITIVE_INFINITY }) =>
        width === 0 ? untilWidth === Number.POSITIVE_INFINITY : width >= fromWidth && width < untilWidth,
      ),
    [columns, width],
  );
  const canSelect = selection !== undefined && onSelectionChange !== undefined;
  const template = [...(canSelect ? [SELECT_TRACK] : []), ...seen.map((column) => column.width)].join(' ');
  const activeIndex = useMemo(
    () => (activeKey === null ? -1 : rows.findIndex((row) => rowKey(row) === activeKey)),
    [rows, rowKey, activeKey],
  );

  // The same functions at every render, so that a row is drawn again only where something of it changed.
  const latest = useRef({ rowKey, onOpen, onActiveChange, selection, onSelectionChange });
  useEffect(() => {
    latest.current = { rowKey, onOpen, onActiveChange, selection, onSelectionChange };
  });
  const setActiveKey = useCallback((key: string): void => {
    setActive(key);
    latest.current.onActiveChange?.(key);
  }, []);

  const moveTo = (index: number): void => {
    if (rows.length === 0) return;
    const bounded = Math.max(0, Math.min(rows.length - 1, index));
    setActiveKey(rowKey(rows[bounded]));
    virtualizer.scrollToIndex(bounded, { align: 'auto' });
  };
  const toggle = useCallback((row: Row): void => {
    const now = latest.current;
    const next = new Set(now.selection);
    if (!next.delete(now.rowKey(row))) next.add(now.rowKey(row));
    now.onSelectionChange?.(next);
  }, []);
  const press = useCallback(
    (row: Row): void => {
      setActiveKey(latest.current.rowKey(row));
      latest.current.onOpen?.(row);
    },
    [setActiveKey],
  );
  const openMenu = (): void => {
    const place = document.getElementById(`${id}-${activeIndex}`)?.getBoundingClientRect();
    if (place !== undefined) onRowMenu?.(rows[activeIndex], place);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: rows.length - 1,
    };
    if (Object.hasOwn(moves, event.key)) moveTo(moves[event.key]);
    else if (event.key === 'Enter' && activeIndex >= 0) onOpen?.(rows[activeIndex]);
    else if (event.key === ' ' && activeIndex >= 0 && canSelect) toggle(rows[activeIndex]);
    else if (onRowMenu !== undefined && isMenuKey(event)) openMenu();
    else return;
    event.preventDefault();
  };

  const allSelected = canSelect && rows.length > 0 && selection.size >= rows.length;
  return (
    <div
      ref={scroller}
      style={visibleRows === undefined ? undefined : { maxHeight: (visibleRows + 1) * ROW_HEIGHT + 2 }}
      className={cx(
        'relative min-h-0 overflow-auto rounded-lg bg-surface',
        isFocusShown && 'outline-2 outline-accent',
        visibleRows === undefined && 'flex-1 border border-line',
      )}
    >
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the grid pattern; rows and cells follow it
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={seen.length + (canSelect ? 1 : 0)}
        aria-multiselectable={canSelect || undefined}
        aria-activedescendant={hasFocus && activeIndex >= 0 ? `${id}-${activeIndex}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.target !== event.currentTarget) return;
          setFocus(true);
          // By state: with :has() every new row would have the styles of the page looked through again.
          setFocusShown(event.currentTarget.matches(':focus-visible'));
          if (activeIndex < 0 && rows.length > 0) setActiveKey(openKey ?? rowKey(rows[firstSeen]));
        }}
        onBlur={(event) => {
          if (event.target !== event.currentTarget) return;
          setFocus(false);
          setFocusShown(false);
        }}
        style={{ minWidth: leastWidth(template) }}
        className="block outline-none"
      >
        <thead className="sticky top-0 z-10 block bg-surface">
          <tr
            aria-rowindex={1}
            style={{ gridTemplateColumns: template }}
            className="grid h-8 items-center border-b border-line text-12 text-ink-quiet"
          >
            {canSelect && (
              <th className="flex items-center pl-3">
                <CheckMark
                  aria-label={strings.common.selectAll}
                  isChecked={allSelected}
                  className="mt-0"
                  onChange={() => onSelectionChange(allSelected ? new Set() : new Set(rows.map(rowKey)))}
                />
              </th>
            )}
            {seen.map((column) => (
              <HeaderCell key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody
          className="relative block"
          style={{ height: rows.length === 0 ? undefined : virtualizer.getTotalSize() }}
        >
          {rows.length === 0 && (
            <tr className="block">
              {/* As wide as what is seen of the table, which may be wider. */}
              <td className="sticky left-0 block" style={{ maxWidth: width === 0 ? undefined : width }}>
                {empty}
              </td>
            </tr>
          )}
          {items.map(({ index, start }) => {
            const row = rows[index];
            const key = rowKey(row);
            return (
              <TableRow
                key={key}
                id={`${id}-${index}`}
                row={row}
                index={index}
                start={start}
                template={template}
                columns={seen}
                isOpen={key === openKey}
                isActive={hasFocus && index === activeIndex}
                isChosen={canSelect ? selection.has(key) : undefined}
                spanning={spanning}
                onPress={onOpen === undefined ? undefined : press}
                onToggle={toggle}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Pixels that the tracks need at least: the first number of each, as in "104px" and "minmax(160px, 1fr)". */
function leastWidth(template: string): number {
  return [...template.matchAll(/(?:^| |\()(\d+)px/g)].reduce((sum, [, pixels]) => sum + Number(pixels), 0);
}

function isMenuKey({ key, shiftKey }: KeyboardEvent): boolean {
  return key === 'm' || key === 'ContextMenu' || (key === 'F10' && shiftKey);
}

interface TableRowProps<Row> {
  readonly id: string;
  readonly row: Row;
  readonly index: number;
  /** Pixels below the first row. */
  readonly start: number;
  readonly template: string;
  readonly columns: readonly Column<Row>[];
  readonly isOpen: boolean;
  readonly isActive: boolean;
  /** Undefined where rows cannot be selected. */
  readonly isChosen: boolean | undefined;
  readonly spanning: ((row: Row) => ReactNode | undefined) | undefined;
  readonly onPress: ((row: Row) => void) | undefined;
  readonly onToggle: (row: Row) => void;
}

const TableRow = memo(function TableRow<Row>({
  id,
  row,
  index,
  start,
  template,
  columns,
  isOpen,
  isActive,
  isChosen,
  spanning,
  onPress,
  onToggle,
}: TableRowProps<Row>) {
  const heading = spanning?.(row);
  return (
    <tr
      id={id}
      aria-rowindex={index + 2}
      aria-selected={isChosen ?? isOpen}
      onClick={({ target }) => {
        if (target instanceof Element && target.closest(OWN_PRESS) === null) onPress?.(row);
      }}
      style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
      className={cx(
        'absolute inset-x-0 grid h-8 items-center border-b border-line contain-content',
        onPress !== undefined && 'cursor-pointer hover:bg-hover',
        (isOpen || isChosen === true) && 'bg-selected',
        isActive && 'shadow-[inset_2px_0_0_var(--color-accent)]',
      )}
    >
      {isChosen !== undefined && (
        <td data-own-press className="flex h-full items-center pl-3">
          <CheckMark
            tabIndex={-1}
            aria-label={strings.common.selectRow}
            isChecked={isChosen}
            className="mt-0"
            onChange={() => onToggle(row)}
          />
        </td>
      )}
      {heading === undefined ? (
        columns.map((column) => (
          <td key={column.id} className={cx('block min-w-0 truncate px-3', column.isNumeric === true && 'text-right')}>
            {column.cell(row)}
          </td>
        ))
      ) : (
        <td
          aria-colspan={columns.length}
          className="block min-w-0 truncate px-3"
          style={{ gridColumn: isChosen === undefined ? '1 / -1' : '2 / -1' }}
        >
          {heading}
        </td>
      )}
    </tr>
  );
}) as <Row>(props: TableRowProps<Row>) => ReactNode;

interface HeaderCellProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}

function HeaderCell<Row>({ column, sort, onSort }: HeaderCellProps<Row>) {
  const direction = sort?.column === column.id ? sort.direction : undefined;
  const Arrow = direction === 'descending' ? ArrowDown : ArrowUp;
  // Numbers are looked at from the largest.
  const first = column.isNumeric === true ? 'descending' : 'ascending';
  const other = direction === 'ascending' ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      aria-sort={column.isSortable === true ? (direction ?? 'none') : undefined}
      className={cx('block min-w-0 truncate px-3 text-left font-normal', column.isNumeric === true && 'text-right')}
    >
      {column.isSortable === true && onSort !== undefined ? (
        <button
          type="button"
          onClick={() => onSort({ column: column.id, direction: direction === undefined ? first : other })}
          className={cx(
            'inline-flex items-center gap-1 hover:text-ink focus-visible:-outline-offset-2',
            direction !== undefined && 'font-medium text-ink',
          )}
        >
          {column.header}
          {direction !== undefined && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}
