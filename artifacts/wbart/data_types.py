"""The kinds of media objects, under W&B's name for the module."""

from __future__ import annotations

from wbart.media.audio import Audio
from wbart.media.bokeh import Bokeh
from wbart.media.boundingboxes import BoundingBoxes2D
from wbart.media.box3d import box3d
from wbart.media.classes import Classes
from wbart.media.histogram import Histogram
from wbart.media.html import Html
from wbart.media.image import Image
from wbart.media.imagemask import ImageMask
from wbart.media.joinedtable import JoinedTable
from wbart.media.mediafile import Media
from wbart.media.molecule import Molecule
from wbart.media.object3d import Object3D
from wbart.media.partitionedtable import PartitionedTable
from wbart.media.plotly import Plotly
from wbart.media.table import Table
from wbart.media.value import WBValue
from wbart.media.video import Video

__all__ = [
    "Audio",
    "Bokeh",
    "BoundingBoxes2D",
    "Classes",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "JoinedTable",
    "Media",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Table",
    "Video",
    "WBValue",
    "box3d",
]
