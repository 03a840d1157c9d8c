/** Parts that are loaded late: once, at once when they are there already, and again after they could not be. */
import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { lazily } from "./lazily";
import { Toaster } from "./toast";

const Greeting = ({ name }: { name: string }) => <p>Hello {name}</p>;

describe("a part that is loaded late", () => {
  it("comes when it is opened, and is loaded once", async () => {
    const load = vi.fn(() => Promise.resolve(Greeting));
    const Part = lazily(load);
    const { container } = render(
      <>
        <Part name="Ada" />
        <Part name="Grace" />
      </>,
    );
    expect(container).toBeEmptyDOMElement();
    expect(await screen.findByText("Hello Ada")).toBeInTheDocument();
    expect(screen.getByText("Hello Grace")).toBeInTheDocument();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("is drawn with the first rendering when it was loaded before", async () => {
    const component = Promise.resolve(Greeting);
    const Part = lazily(() => component);
    Part.preload();
    await component;
    // What waits for the component was there before us.
    await Promise.resolve();
    render(<Part name="Ada" />);
    expect(screen.getByText("Hello Ada")).toBeInTheDocument();
  });

  it("says that it could not be opened, and tries again in its place", async () => {
    const load = vi.fn(() => Promise.resolve(Greeting)).mockRejectedValueOnce(new Error("offline"));
    const Part = lazily(load);
    render(<Part name="Ada" />);
    expect(await screen.findByText("This could not be opened")).toBeInTheDocument();
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Hello Ada")).toBeInTheDocument();
  });

  it("closes what can be closed, so that opening it again tries again", async () => {
    const load = vi.fn(() => Promise.resolve(Greeting)).mockRejectedValueOnce(new Error("offline"));
    const Part = lazily(load);
    const close = vi.fn();
    render(<Toaster />);
    const { unmount } = render(<Part name="Ada" onClose={close} />);
    expect(await screen.findByText("This could not be opened")).toBeInTheDocument();
    expect(close).toHaveBeenCalledTimes(1);
    unmount();
    render(<Part name="Ada" />);
    expect(await screen.findByText("Hello Ada")).toBeInTheDocument();
  });
});
