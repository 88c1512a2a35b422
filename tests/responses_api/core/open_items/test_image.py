"""A picture: announced empty, done whole."""

from responses_api.core.open_items import OpenImage

PLACE = {"item_id": "ig_1", "output_index": 1}


def test_a_picture_goes_through_its_steps() -> None:
    item = OpenImage("ig_1", 1, "image/webp", "aW1n")
    (_, added), *steps = item.opening()
    assert (added["item"]["result"], added["item"]["output_format"]) == (None, "webp")
    assert steps == [
        ("response.image_generation_call.in_progress", PLACE),
        ("response.image_generation_call.generating", PLACE),
    ]
    (completed, done) = item.closing("completed")
    assert completed == ("response.image_generation_call.completed", PLACE)
    assert done[1]["item"]["result"] == "aW1n"
