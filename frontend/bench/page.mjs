/** What is done on a page while it is measured: frames, long tasks, dragging, panning, typing. */

/** Frames a second, and how long the longest of them took, while `work` goes on. */
export async function frames(page, work) {
  await page.evaluate(() => {
    const times = [];
    const tasks = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    });
    observer.observe({ type: "longtask" });
    const look = (now) => {
      times.push(now);
      watch.frame = requestAnimationFrame(look);
    };
    const watch = { times, tasks, observer, frame: requestAnimationFrame(look) };
    window.benchWatch = watch;
  });
  await work();
  return page.evaluate(() => {
    const { times, tasks, observer, frame } = window.benchWatch;
    cancelAnimationFrame(frame);
    observer.disconnect();
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    const total = gaps.reduce((sum, gap) => sum + gap, 0);
    return {
      fps: (gaps.length / total) * 1000,
      longest: Math.max(...gaps),
      longTasks: tasks.length,
      longTaskMs: tasks.reduce((sum, ms) => sum + ms, 0),
    };
  });
}

const MOVE_MS = 2500;

/** Moves the pressed mouse in circles around `at`, as fast as the page takes it. */
export async function circle(page, at, radius) {
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  const end = performance.now() + MOVE_MS;
  for (let step = 0; performance.now() < end; step += 1) {
    const angle = step / 12;
    await page.mouse.move(at.x + Math.cos(angle) * radius, at.y + Math.sin(angle) * radius);
    await pause(8);
  }
  await page.mouse.up();
}

/** Turns the wheel back and forth, which pans the canvas. */
export async function pan(page, at) {
  await page.mouse.move(at.x, at.y);
  const end = performance.now() + MOVE_MS;
  for (let step = 0; performance.now() < end; step += 1) {
    const way = Math.floor(step / 40) % 2 === 0 ? 1 : -1;
    await page.mouse.wheel(way * 12, way * 6);
    await pause(8);
  }
}

/** Milliseconds from the first of these keys until the page shows all of them. */
export async function type(page, text) {
  const begin = performance.now();
  await page.keyboard.type(text);
  await painted(page);
  return performance.now() - begin;
}

/** Until what was done is on the screen. */
export function painted(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(null))),
      ),
  );
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The middle of an element, or a place in it as shares of its size. */
export async function place(locator, x = 0.5, y = 0.5) {
  const box = await locator.boundingBox();
  if (!box) throw new Error("What should be measured is not on the page.");
  return { x: box.x + box.width * x, y: box.y + box.height * y };
}
