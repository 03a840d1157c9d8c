/** Moves nodes out of the way of edges that pass their column: an edge behind a node seems to lead to it. */
import type { Position } from "./definition";
import { HEAD_MIDDLE, type Size, type Sizes } from "./measures";

/** Between an edge and the node it passes. */
const MARGIN = 16;
/** Each round may put nodes in another edge's way; what is left after these stays. */
const ROUNDS = 8;
const SAMPLES = 32;

export type Way = {
  source: string;
  target: string;
  /** How far below the top of the source the edge leaves it. */
  leaves: number;
  /** Where the layout would have the edge go. */
  route: Position[];
};

type Box = Position & Size & { id: string };

/** The places with every node beside the edges that are drawn past it. */
export function clearLanes(
  places: ReadonlyMap<string, Position>,
  sizes: Sizes,
  ways: Way[],
): Map<string, Position> {
  const boxes = new Map(
    [...places].map(([id, place]): [string, Box] => {
      const { width, height } = sizes.get(id) ?? { width: 0, height: 0 };
      return [id, { id, ...place, width, height }];
    }),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const moved = ways.map((way) => clear(way, boxes));
    if (!moved.includes(true)) break;
  }
  return new Map([...boxes].map(([id, { x, y }]) => [id, { x, y }]));
}

function clear({ source, target, leaves, route }: Way, boxes: Map<string, Box>): boolean {
  const [from, to] = [boxes.get(source), boxes.get(target)];
  if (!from || !to) return false;
  const start = { x: from.x + from.width, y: from.y + leaves };
  const end = { x: to.x, y: to.y + HEAD_MIDDLE };
  let moved = false;
  for (const box of boxes.values()) {
    if (box.x < start.x || box.x + box.width > end.x) continue;
    const shift = shiftOf(box, curve(start, end), route);
    if (shift === 0) continue;
    moved = true;
    for (const other of boxes.values()) {
      const inColumn = other.x < box.x + box.width && box.x < other.x + other.width;
      if (inColumn && (other.y - box.y) * shift >= 0) other.y += shift;
    }
  }
  return moved;
}

/** How far down (or up, below zero) the node has to go to be beside the edge; 0 when it is. */
function shiftOf({ x, y, width, height }: Box, drawn: Position[], route: Position[]): number {
  const past = drawn.filter((point) => point.x > x - MARGIN && point.x < x + width + MARGIN);
  const top = Math.min(...past.map((point) => point.y)) - MARGIN;
  const bottom = Math.max(...past.map((point) => point.y)) + MARGIN;
  if (past.length === 0 || bottom <= y || top >= y + height) return 0;
  const middle = x + width / 2;
  const near = route.toSorted((a, b) => Math.abs(a.x - middle) - Math.abs(b.x - middle))[0];
  return (near?.y ?? (top + bottom) / 2) < y + HEAD_MIDDLE ? bottom - y : top - y - height;
}

/** Points of an edge as the canvas draws it. */
function curve(start: Position, end: Position): Position[] {
  return Array.from({ length: SAMPLES + 1 }, (_, index) => {
    const t = index / SAMPLES;
    return {
      x: start.x + (end.x - start.x) * (1.5 * t * (1 - t) + t ** 3),
      y: start.y + (end.y - start.y) * (3 * t ** 2 - 2 * t ** 3),
    };
  });
}
