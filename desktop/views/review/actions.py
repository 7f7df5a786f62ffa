"""What can be done in Review by key, menu and palette."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.events import EVENT_MAKERS
from core.study import UNSURE
from desktop.actions.registry import Action
from desktop.views.review.toolbar import WHOLE

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

Act = Callable[..., Action]


def actions_of(room: ReviewView) -> list[Action]:
    """Return the actions of Review: each group is a submenu."""
    tr, menu = room.tr, room.tr("Review")
    groups = (
        ("", _files), (tr("Move"), _moving), (tr("Look"), _looks), (tr("Signal"), _signal),
        (tr("Measure and listen"), _stretch), (tr("Events"), _events), (tr("HITS queue"), _hits),
    )  # fmt: skip

    def shown() -> bool:
        return room.recording is not None

    def in_group(group: str) -> Act:
        def act(
            name: str, title: str, run: Callable[[], object], key: str = "", when: Callable[[], bool] = shown
        ) -> Action:
            return Action(f"review.{name}", title, run, menu, key, when, group=group)

        return act

    return [action for group, actions in groups for action in actions(room, in_group(group))]


def _always() -> bool:
    return True


def _files(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr

    def chosen() -> bool:
        return room.chosen is not None  # also one whose file is gone

    return [
        act("add", tr("Add recordings…"), room.library.choose, "Ctrl+O", _always),
        act("add_folder", tr("Add a folder…"), room.library.choose_folder, "Ctrl+Shift+F", _always),
        act("about", tr("About this recording…"), room.library.about, "I", chosen),
        act("subject", tr("Whose recording is this…"), room.library.ask_subject, "", chosen),
        act("layout", tr("What its channels are…"), room.library.ask_layout),
        act("relink", tr("Find moved recordings…"), room.library.find_moved, "", _always),
        act("import_annotations", tr("Import annotations…"), room.exchange.choose, "Ctrl+Shift+I"),
        act("export_annotations", tr("Export annotations…"), room.exchange.ask, "Ctrl+Shift+E"),
        act("export", tr("Export view…"), room.asking.export, "Ctrl+E"),
        act("report", tr("Page report…"), room.asking.report, "Ctrl+P"),
        act("hits_report", tr("HITS report…"), room.asking.hits_report),
    ]


def _moving(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr

    def page(fraction: float) -> Callable[[], None]:
        return lambda: room.go_to(room.start_s + fraction * room.length_s)

    return [
        act("left", tr("Scroll left"), page(-0.1), "Left"),
        act("right", tr("Scroll right"), page(0.1), "Right"),
        act("page_left", tr("Page left"), page(-1), "PgUp"),
        act("page_right", tr("Page right"), page(1), "PgDown"),
        act("start", tr("To the start"), lambda: room.go_to(0), "Home"),
        act("end", tr("To the end"), lambda: room.go_to(float("inf")), "End"),
        act("go_to", tr("Go to a time…"), room.asking.time, "G"),
        act("zoom_in", tr("Shorter page"), lambda: room.set_length(room.length_s / 2), "Ctrl+Up"),
        act("zoom_out", tr("Longer page"), lambda: room.set_length(room.length_s * 2), "Ctrl+Down"),
        act("whole", tr("The whole recording as one page"), lambda: room.set_length(WHOLE)),
        act("play_on", tr("Scroll by itself, or stop"), room.scroller.toggle, "Shift+Space"),
    ]


def _looks(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr
    return [
        act("larger", tr("Larger traces"), lambda: room.amplify(1.25), "+"),
        act("smaller", tr("Smaller traces"), lambda: room.amplify(0.8), "-"),
        act("fit", tr("Fit all traces"), room.appearance.reset, "F"),
        act("channel_up", tr("Choose the channel above"), lambda: room.step_channel(-1), "Up"),
        act("channel_down", tr("Choose the channel below"), lambda: room.step_channel(1), "Down"),
        act("move_up", tr("Move the chosen channel up"), lambda: room.left.move_chosen(-1), "Ctrl+Shift+Up"),
        act("move_down", tr("Move the chosen channel down"), lambda: room.left.move_chosen(1), "Ctrl+Shift+Down"),
        act("next_channels", tr("Next channels"), lambda: room.groups.step(1), "Shift+PgDown"),
        act("previous_channels", tr("Previous channels"), lambda: room.groups.step(-1), "Shift+PgUp"),
        act("channel_larger", tr("Larger: the chosen channel"), lambda: room.amplify_chosen(1.25), "Ctrl++"),
        act("channel_smaller", tr("Smaller: the chosen channel"), lambda: room.amplify_chosen(0.8), "Ctrl+-"),
        act("overlaid", tr("Lay traces over each other, or stack them"), room.appearance.toggle_overlaid, "O"),
        act("paper", tr("ECG paper, 25 mm/s and 10 mm/mV"), room.toggle_paper, "E"),
        act(
            "absolute",
            tr("Time of day, or from the start"),
            lambda: room.show_absolute(not room.appearance.absolute),
            "T",
        ),
        act("detail", tr("Second window"), room.second.toggle, "W"),
        act("spectrum", tr("Range and axis of the spectrogram…"), room.asking.spectral),
        act("alone", tr("The pictures alone, or with the panels"), room.focus.toggle, "F11"),
    ]


def _signal(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr
    return [
        act("bad", tr("Mark the chosen channel as bad, or not"), room.toggle_bad, "B"),
        act("montage", tr("Choose a montage"), room.bar.montage.showMenu, "Alt+M"),
        act("own_montage", tr("Make a montage of your own…"), room.menus.own_montages.make),
        act("filters", tr("Choose filters…"), room.asking.filters, "Alt+F"),
    ]


def _stretch(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr
    return [
        act("stretch", tr("Choose a stretch to measure, play or mark"), room.marks.choose_stretch, "C"),
        act("stretch_none", tr("Stop the sound, or let go of the stretch"), room.sound.let_go, "Esc"),
        act("left_back", tr("Left edge of the stretch back"), lambda: room.marks.move_edges(-0.01, 0), ","),
        act("left_on", tr("Left edge of the stretch on"), lambda: room.marks.move_edges(0.01, 0), "."),
        act("right_back", tr("Right edge of the stretch back"), lambda: room.marks.move_edges(0, -0.01), "Shift+,"),
        act("right_on", tr("Right edge of the stretch on"), lambda: room.marks.move_edges(0, 0.01), "Shift+."),
        act("measure", tr("Measure the stretch"), room.measures.show_panel, "Shift+M"),
        act("sum", tr("Add the stretch to the sum"), room.measures.add, "U"),
        act("play", tr("Play the sound, or stop"), room.sound.space, "Space"),
        act("speed", tr("Sound slower; after the slowest, at full speed"), room.sound.next_speed, "S"),
        act("loop", tr("Sound over and over, or once"), lambda: room.sound.use_loop(not room.sound.loop), "L"),
        act("louder", tr("Sound louder"), lambda: room.sound.louder(1), "Alt+Up"),
        act("quieter", tr("Sound less loud"), lambda: room.sound.louder(-1), "Alt+Down"),
        act("write_sound", tr("Write the sound to a file…"), room.sound.write),
    ]


def _events(room: ReviewView, act: Act) -> list[Action]:
    tr = room.tr
    return [
        act("next", tr("Next event"), lambda: room.events.step(1), "N"),
        act("previous", tr("Previous event"), lambda: room.events.step(-1), "P"),
        act("filter", tr("Filter events"), room.filter.setFocus, "Ctrl+F"),
        act("mark", tr("Mark the stretch, or the middle of the page"), room.marks.add_here, "M"),
        act("mark_left", tr("Move the mark left"), lambda: room.marks.change(-0.01, 0), "Shift+Left"),
        act("mark_right", tr("Move the mark right"), lambda: room.marks.change(0.01, 0), "Shift+Right"),
        act("mark_longer", tr("Lengthen the mark"), lambda: room.marks.change(0, 0.01), "Alt+Right"),
        act("mark_shorter", tr("Shorten the mark"), lambda: room.marks.change(0, -0.01), "Alt+Left"),
        act("comment", tr("Comment on the selected events…"), room.selected.comment, "K"),
        act("kind", tr("Kind of the selected events…"), room.selected.kind, "Shift+K"),
        act("channel", tr("Channel of the selected events…"), room.selected.channel, "Shift+C"),
        act("hide_layer", tr("Hide the layer of the selected events"), room.events.hide_layer, "H"),
        act("show_all", tr("Show all events: all layers, no filter"), room.right.show_everything, "Shift+H"),
        *(
            act(f"find_{maker}", tr("Find: {}").format(tr(entry.title)), lambda m=maker: room.find(m))
            for maker, entry in EVENT_MAKERS.items()
        ),
    ]


def _hits(room: ReviewView, act: Act) -> list[Action]:
    """Return the actions of the queue; the keys of all but the first hold while it is open, see `QueueKeys`."""
    tr, queue = room.tr, room.queue
    titles = {
        "embolus": tr("Decide: embolus"),
        "artefact": tr("Decide: artefact"),
        "gaseous": tr("Decide: gaseous"),
        "solid": tr("Decide: solid"),
        UNSURE: tr("Decide: unsure"),
    }

    def lent(name: str, title: str, run: Callable[[], object]) -> Action:
        return act(f"hits_{name}", title, run, "", lambda: queue.keyed)

    return [
        act("hits", tr("Open or close the HITS queue"), queue.toggle, "Q"),
        *(lent(verdict, title, lambda v=verdict: queue.decide(v)) for verdict, title in titles.items()),
        lent("back", tr("Take the verdict back"), queue.take_back),
        lent("play", tr("Play the candidate, or stop"), lambda: room.sound.space(queue.play)),
        lent("next", tr("Next undecided candidate"), lambda: queue.step(1)),
        lent("previous", tr("Previous candidate"), lambda: queue.step(-1)),
    ]
